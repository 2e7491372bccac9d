#include "base/item.h"

#include "support/check.h"

static void test_item_finds_the_value_that_is_set(void **state)
{
	const struct span data = SPAN("D\0+A=1\0+AB=3\0+B=\0+A=2\0#A=4\0+NOVALUE\0+CUT=1");

	(void)state;
	assert_string_equal(item_find_value(data, "A"), "2"); /* as the later one is set */
	assert_string_equal(item_find_value(data, "B"), "");
	assert_null(item_find_value(data, "NOVALUE"));
	assert_null(item_find_value(data, "CUT"));
	assert_null(item_find_value(data, "C"));
	assert_null(item_find_value((struct span){NULL, 0}, "A"));
}

static void test_item_denies_what_old_readers_deny(void **state)
{
	const struct {
		const char *name;
		struct span data;
		bool denies;
	} cases[] = {
		{"allow", SPAN(""), false},
		{"variable", SPAN("+D=D\0"), false},
		{"deny", SPAN("D\0"), true},
		{"deny and a variable", SPAN("D\0+A=b\0"), true},
		{"a variable and deny", SPAN("+A=b\0D\0"), true},
		{"more behind the D", SPAN("Deny\0"), true},
		{"an item that is unknown", SPAN("#D\0"), false},
		{"an empty item", SPAN("\0D\0"), true},
		{"a tail without NUL", SPAN("+A=b\0D"), false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (item_denies(cases[index].data) != cases[index].denies)
			fail_msg("%s", cases[index].name);
	assert_false(item_denies((struct span){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_item_finds_the_value_that_is_set),
		cmocka_unit_test(test_item_denies_what_old_readers_deny),
	};

	return cmocka_run_group_tests_name("item", tests, NULL, NULL);
}
