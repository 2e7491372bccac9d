#include "queue/enhanced_code.h"

#include "support/check.h"

static void test_enhanced_codes_are_found(void **state)
{
	const struct {
		struct span text;
		const char *at_start, *at_end;
	} cases[] = {
		{SPAN("5.7.1 spam"), "5.7.1", ""},
		{SPAN("5.7.1"), "5.7.1", ""},
		{SPAN("4.123.456\nspam"), "4.123.456", ""},
		{SPAN("2.0.0 ok"), "2.0.0", ""},
		{SPAN("3.0.0 more"), "", ""},
		{SPAN("5.7.1\0spam"), "", ""},
		{SPAN("5.7.1. spam"), "", ""},
		{SPAN("5.7. spam"), "", ""},
		{SPAN("5..1 spam"), "", ""},
		{SPAN("5.7"), "", ""},
		{SPAN("5.1234.1 spam"), "", ""},
		{SPAN("5.7.1234 spam"), "", ""},
		{SPAN(" 5.7.1 spam"), "", ""},
		{SPAN("spam (#5.7.1)"), "", "5.7.1"},
		{SPAN("(#4.123.456)"), "", "4.123.456"},
		{SPAN("5.7.1 spam (#5.7.2)"), "5.7.1", "5.7.2"},
		{SPAN("spam (#5.7.1) (#5.7.2)"), "", "5.7.2"},
		{SPAN("spam (#5.7.1"), "", ""},
		{SPAN("spam (#5.7.1) "), "", ""},
		{SPAN("spam (#5.7.1 )"), "", ""},
		{SPAN("spam (5.7.1)"), "", ""},
		{SPAN("spam (#)"), "", ""},
		{SPAN("spam (#"), "", ""},
		{SPAN("spam ("), "", ""},
		{SPAN(""), "", ""},
		{{NULL, 0}, "", ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span text = cases[index].text;

		CHECK_SPAN("at the start", enhanced_code_at_start(text), cases[index].at_start);
		CHECK_SPAN("at the end", enhanced_code_at_end(text), cases[index].at_end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enhanced_codes_are_found),
	};

	return cmocka_run_group_tests_name("enhanced_code", tests, NULL, NULL);
}
