#include "queue/mailbox.h"

#include "support/check.h"

static void test_mailbox_puts_quotes_back(void **state)
{
	const struct {
		const char *name;
		struct span address;
		const char *expected;
		bool is_exact;
	} cases[] = {
		{"plain", SPAN("ann@example.org"), "ann@example.org", true},
		{"all that needs no quotes", SPAN("az.AZ09+c!#$%&'*/=?^_`{|}~-@x.example"),
		 "az.AZ09+c!#$%&'*/=?^_`{|}~-@x.example", true},
		{"nothing", SPAN(""), "", true},
		{"no domain", SPAN("postmaster"), "postmaster", true},
		{"a hyphen first", SPAN("-x@example.org"), "-x@example.org", true},
		{"a blank", SPAN("a b@example.org"), "\"a b\"@example.org", true},
		{"a comma", SPAN("a,b@example.org"), "\"a,b\"@example.org", true},
		{"an at", SPAN("a@b@example.org"), "\"a@b\"@example.org", true},
		{"dots where none may be", SPAN(".a..b.@x"), "\".a..b.\"@x", true},
		{"a quote and a backslash", SPAN("a\"\\@x"), "\"a\\\"\\\\\"@x", true},
		{"a comment", SPAN("a(b)@x"), "\"a(b)\"@x", true},
		{"UTF-8", SPAN("\xc3\xa4@\xc3\xb6.example"), "\xc3\xa4@\xc3\xb6.example", true},
		{"an address literal", SPAN("a@[IPv6:2001:db8::1]"), "a@[IPv6:2001:db8::1]", true},
		{"an end of line", SPAN("a\r\nb@x"), "a??b@x", false},
		{"a NUL", SPAN("a\0b@x"), "a?b@x", false},
		{"a delimiter in the domain", SPAN("a@b>c d"), "a@b?c?d", false},
		{"a brace in the domain", SPAN("a@b{c"), "a@b{c", false},
		{"a comma in the domain", SPAN("a@b,c"), "a@b,c", false},
		{"an end of line in the domain", SPAN("a@b\nc"), "a@b?c", false},
		{"no local part", SPAN("@x"), "@x", false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text written;
		bool is_exact;

		text_init(&written, 1000);
		is_exact = mailbox_write(cases[index].address, &written);
		CHECK_SPAN(cases[index].name, text_span(&written), cases[index].expected);
		if (is_exact != cases[index].is_exact)
			fail_msg("%s: exact or not", cases[index].name);
		text_free(&written);
	}
}

static void test_mailbox_as_an_argument_is_no_option(void **state)
{
	static const char *const cases[][2] = {
		{"-fx@example.org", "\"-fx\"@example.org"}, {"-bs", "\"-bs\""},
		{"- @example.org", "\"- \"@example.org"},   {"a-@example.org", "a-@example.org"},
		{"a@-example.org", "a@-example.org"},	    {"", ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text written;

		text_init(&written, 100);
		assert_true(mailbox_write_argument(span_of(cases[index][0]), &written));
		CHECK_SPAN(cases[index][0], text_span(&written), cases[index][1]);
		text_free(&written);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mailbox_puts_quotes_back),
		cmocka_unit_test(test_mailbox_as_an_argument_is_no_option),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
