#include "rules/decompile.h"

#include "support/check.h"

static void test_decompile_writes_what_compiles_to_the_record(void **state)
{
	const struct {
		const char *name;
		struct span key, data;
		const char *line; /* NULL: there is none */
	} cases[] = {
		{"allow", SPAN("10."), SPAN(""), "10.:allow\n"},
		{"deny", SPAN(""), SPAN("D\0"), ":deny\n"},
		{"variables", SPAN("1.2.3.4"), SPAN("D\0+A=1\0+B=\0"),
		 "1.2.3.4:deny,A=\"1\",B=\"\"\n"},
		{"a quotation mark", SPAN("10."), SPAN("+A=\"\0"), "10.:allow,A='\"'\n"},
		{"all usual quotes", SPAN("10."), SPAN("+A=\"'/|!%\0"),
		 "10.:allow,A=\x01\"'/|!%\x01\n"},
		{"a network", SPAN("2001:db8::/32"), SPAN(""), "2001:db8::/32:allow\n"},
		{"a name", SPAN("=.example"), SPAN(""), "=.example:allow\n"},
		{"an ident answer", SPAN("a:b@10.1.1.1"), SPAN(""), NULL},
		{"what can never match", SPAN("10"), SPAN(""), "10:allow\n"},
		{"what would be a range", SPAN("1-2."), SPAN(""), NULL},
		{"a range of prefixes", SPAN("10.1.0.0/16"), SPAN(""), "10-10.1.0.0/16:allow\n"},
		{"more behind the slash", SPAN("1.2.3.4/24.5"), SPAN(""), "1-1.2.3.4/24.5:allow\n"},
		{"a second range", SPAN("10.1.3-4."), SPAN(""), "10-10.1.3-4.:allow\n"},
		{"a prefix of IPv6", SPAN("2001:DB8::/32"), SPAN(""), NULL},
		{"what would be another address", SPAN("2001:DB8::1"), SPAN(""), NULL},
		{"what would be a comment", SPAN("#"), SPAN(""), NULL},
		{"an item of another kind", SPAN("10."), SPAN("#x\0"), NULL},
		{"deny in the middle", SPAN("10."), SPAN("+A=1\0D\0"), NULL},
		{"an item without its end", SPAN("10."), SPAN("+A=1"), NULL},
		{"a variable without =", SPAN("10."), SPAN("+A\0"), NULL},
		{"a line feed", SPAN("10."), SPAN("+A=\n\0"), NULL},
		{"the index", SPAN(":prefix-lengths"), SPAN("#4/9\0"), NULL},
	};
	struct rule reader;

	(void)state;
	assert_true(rule_init(&reader));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text line;
		bool is_written;

		text_init(&line, 1000);
		is_written = decompile(&reader, cases[index].key, cases[index].data, &line);
		if (is_written != (cases[index].line != NULL))
			fail_msg("%s: %s", cases[index].name, text_string(&line));
		CHECK_SPAN(cases[index].name, text_span(&line),
			   cases[index].line ? cases[index].line : "");
		text_free(&line);
	}
	rule_free(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decompile_writes_what_compiles_to_the_record),
	};

	return cmocka_run_group_tests_name("decompile", tests, NULL, NULL);
}
