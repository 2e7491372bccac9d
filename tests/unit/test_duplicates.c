#include "explain/duplicates.h"

#include "support/check.h"

#define MANY 300000

static void add(struct duplicates *duplicates, const char *key, uint64_t line)
{
	assert_int_equal(duplicates_add(duplicates, span_of(key), line), 0);
}

static void expect(struct duplicates *duplicates, const char *name, uint64_t expected)
{
	uint64_t line = 0;

	if (duplicates_next(duplicates, &line) != (expected != 0) || line != expected)
		fail_msg("%s: the first is in line %llu and not %llu", name,
			 (unsigned long long)line, (unsigned long long)expected);
}

static void test_duplicates_name_the_line_of_the_first(void **state)
{
	static const struct {
		const char *key;
		uint64_t line, first;
	} cases[] = {
		{"192.0.2.1", 1, 0},
		{"", 3, 0},
		{"192.0.2.2", 4, 0},
		{"192.0.2.1", 5, 1},
		{"192.0.2.1", 7, 1}, /* one line may have several keys */
		{"192.0.2.3", 7, 0},
		{"192.0.2.2", 7, 4},
		{"192.0.2.3", 8, 7},
		{"", 9, 3},
		{"192.0.2.", 10, 0},
		{"192.0.2.4", (uint64_t)1 << 40, 0},
		{"192.0.2.4", ((uint64_t)1 << 40) + 1, UINT32_MAX},
	};
	struct duplicates duplicates;

	(void)state;
	assert_int_equal(duplicates_init(&duplicates), 0);
	for (size_t index = 0; index < LENGTH(cases); index++)
		add(&duplicates, cases[index].key, cases[index].line);
	assert_int_equal(duplicates_finish(&duplicates), 0);
	for (size_t index = 0; index < LENGTH(cases); index++)
		expect(&duplicates, cases[index].key, cases[index].first);
	duplicates_free(&duplicates);
}

static void test_duplicates_of_nothing(void **state)
{
	struct duplicates duplicates;

	(void)state;
	assert_int_equal(duplicates_init(&duplicates), 0);
	assert_int_equal(duplicates_finish(&duplicates), 0);
	expect(&duplicates, "none", 0);
	duplicates_free(&duplicates);
}

/* With a look at each earlier one this takes an hour. */
static void test_duplicates_are_not_slowed_down_by_equal_keys(void **state)
{
	struct duplicates duplicates;
	char key[24];

	(void)state;
	assert_int_equal(duplicates_init(&duplicates), 0);
	for (unsigned number = 0; number < MANY; number++) {
		snprintf(key, sizeof(key), "%u", number);
		add(&duplicates, number % 2 ? "" : key, number + 1);
	}
	assert_int_equal(duplicates_finish(&duplicates), 0);
	for (unsigned number = 0; number < MANY; number++)
		expect(&duplicates, "many", number % 2 && number > 1 ? 2 : 0);
	duplicates_free(&duplicates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_duplicates_name_the_line_of_the_first),
		cmocka_unit_test(test_duplicates_of_nothing),
		cmocka_unit_test(test_duplicates_are_not_slowed_down_by_equal_keys),
	};

	return cmocka_run_group_tests_name("duplicates", tests, NULL, NULL);
}
