#include "base/number.h"

#include "support/check.h"

static void test_number_takes_digits_within_limits(void **state)
{
	static const struct {
		const char *name, *input;
		bool is_good;
		uint32_t value;
	} cases[] = {
		{"one digit", "0", true, 0},
		{"largest", "86400", true, 86400},
		{"above the maximum", "86401", false, 0},
		{"wraps at 32 bits", "4294967297", false, 0},
		{"wraps at 64 bits", "18446744073709551617", false, 0},
		{"zeros in front", "0012", true, 12},
		{"empty", "", false, 0},
		{"unit behind", "12x", false, 0},
		{"sign", "-1", false, 0},
		{"plus", "+1", false, 0},
		{"blank", " 1", false, 0},
		{"hexadecimal", "0x10", false, 0},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		uint32_t value = 77;

		if (number_read(cases[index].input, 0, 86400, &value) != cases[index].is_good)
			fail_msg("%s: wrong answer", cases[index].name);
		assert_int_equal(value, cases[index].is_good ? cases[index].value : 77);
	}
}

static void test_number_reaches_the_largest(void **state)
{
	uint64_t value;
	uint32_t small = 7;

	(void)state;
	assert_true(number_read_span(SPAN("18446744073709551615"), UINT64_MAX, &value));
	assert_true(value == UINT64_MAX);
	assert_false(number_read_span(SPAN("18446744073709551616"), UINT64_MAX, &value));
	assert_false(number_read("0", 1, 10, &small));
	assert_false(number_read_span(SPAN("9"), 5, &value));
	assert_int_equal(small, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_number_takes_digits_within_limits),
		cmocka_unit_test(test_number_reaches_the_largest),
	};

	return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
