#include "rules/rule.h"

#include <stdlib.h>

#include "support/check.h"

/* What a line is compiled to: KEY=DATA for each record, with '|' for NUL and '\n' behind. */
static void compile(struct rule *rule, struct span line, struct text *records, struct text *why)
{
	struct span key;

	text_clear(records);
	text_clear(why);
	switch (rule_read(rule, line, why)) {
	case RULE_NONE: text_add_string(records, "none"); return;
	case RULE_MALFORMED: text_add_string(records, "malformed"); return;
	case RULE_GOOD: break;
	}
	while (rule_next_key(rule, &key)) {
		text_add(records, key);
		text_add_string(records, " -> ");
		for (size_t index = 0; index < rule->data.length; index++)
			text_add_byte(records,
				      rule->data.bytes[index] ? rule->data.bytes[index] : '|');
		text_add_byte(records, '\n');
	}
}

struct row {
	const char *line, *records;
	const char *warning; /* some words of the first one; NULL when there must be none */
};

static void check_rows(const struct row *rows, size_t count)
{
	struct text records, why;
	struct rule rule;

	text_init(&records, 100000);
	text_init(&why, 1000);
	assert_true(rule_init(&rule));
	for (size_t index = 0; index < count; index++) {
		const struct row *row = &rows[index];
		const char *warning;

		compile(&rule, span_of(row->line), &records, &why);
		warning = rule.warning_count ? rule.warnings[0] : NULL;
		CHECK_SPAN(row->line, text_span(&records), row->records);
		if (row->warning ? !warning || !strstr(warning, row->warning) : warning != NULL)
			fail_msg("%s: warning \"%s\" and not \"%s\"", row->line,
				 warning ? warning : "", row->warning ? row->warning : "");
	}
	rule_free(&rule);
	text_free(&records);
	text_free(&why);
}

static void test_rule_takes_the_traditional_language(void **state)
{
	const struct row rows[] = {
		{"127.0.0.1:allow", "127.0.0.1 -> \n", NULL},
		{"127.0.0.1:deny", "127.0.0.1 -> D|\n", NULL},
		{"10.:allow,A=\"1\",B=/x y/", "10. -> +A=1|+B=x y|\n", NULL},
		{":deny", " -> D|\n", NULL},
		{"=:allow", "= -> \n", NULL},
		{"=.example.org:deny", "=.example.org -> D|\n", NULL},
		{"joe@1.2.3.4:allow", "joe@1.2.3.4 -> \n", NULL},
		{"@1.2.3.4:allow", "@1.2.3.4 -> \n", NULL},
		{"joe@=host.example:deny", "joe@=host.example -> D|\n", NULL},
		{"=a-b.example:deny", "=a-b.example -> D|\n", NULL},
		{"j-k@1.2.3.4:deny", "j-k@1.2.3.4 -> D|\n", NULL},
		{"", "none", NULL},
		{"   \t ", "none", NULL},
		{"# comment: allow", "none", NULL},
		{"#", "none", NULL},
		{"1.2.3.4:allow \t ", "1.2.3.4 -> \n", NULL},
		{"1.2.3.4:deny,A=\"1\"", "1.2.3.4 -> D|+A=1|\n", NULL},
		/* any byte quotes */
		{"1.2.3.4:allow,A=zqz", "1.2.3.4 -> +A=q|\n", NULL},
		{"1.2.3.4:allow,D=11", "1.2.3.4 -> +D=|\n", NULL},
		{"1.2.3.4:allow,A=,v,", "1.2.3.4 -> +A=v|\n", NULL},
		{"1.2.3.4:allow,A===", "1.2.3.4 -> +A=|\n", NULL},
		{"1.2.3.4:allow,A=\"a:allow\"", "1.2.3.4 -> +A=a:allow|\n", NULL},
		{"1.2.3.4:allow,A= x ,B=\"\"", "1.2.3.4 -> +A=x|+B=|\n", NULL},
		{"1.2.3.4:allow,A=\"x=y,z\"", "1.2.3.4 -> +A=x=y,z|\n", NULL},
		{"1.2.3.4:allow,=\"x\"", "1.2.3.4 -> +=x|\n", "variable without a name"},
		{"1.2.3.4:allow, A=\"x\"", "1.2.3.4 -> + A=x|\n", "blank in a variable's name"},
		{"1.2.3.4:allow,a,b=\"x\"", "1.2.3.4 -> +a,b=x|\n", "comma in a variable's name"},
		{"1.2.3.4:allow,A=\"\",,B=\"\"", "1.2.3.4 -> +A=|+,B=|\n",
		 "comma in a variable's name"},
		{"1.2.3.4:allow,\"A\"=\"x\"", "1.2.3.4 -> +\"A\"=x|\n",
		 "quote in a variable's name"},
		{"1.2.3.4:allow,'A=\"x\"", "1.2.3.4 -> +'A=x|\n", "quote in a variable's name"},
		{"1.2.3.4:allow,-A,B=\"1\"", "1.2.3.4 -> +-A,B=1|\n", "does not unset"},
		{"1.2.3.4:allow,A\r=\"x\"", "1.2.3.4 -> +A\r=x|\n", "control character"},
		{"1.2.3.4:allow,a-b.c_1=\"x\"", "1.2.3.4 -> +a-b.c_1=x|\n", NULL},
		/* what is appended to a domain */
		{"1.2.3.4:allow,RELAYCLIENT=\"1\"", "1.2.3.4 -> +RELAYCLIENT=1|\n",
		 "write RELAYCLIENT="},
		{"1.2.3.4:allow,RELAYCLIENT=\"Yes\"", "1.2.3.4 -> +RELAYCLIENT=Yes|\n",
		 "write RELAYCLIENT="},
		{"1.2.3.4:deny,RELAYCLIENT=\"1\"", "1.2.3.4 -> D|+RELAYCLIENT=1|\n", NULL},
		{"1.2.3.4:allow,RELAYCLIENT=\"x\"", "1.2.3.4 -> +RELAYCLIENT=x|\n", NULL},
		{"1.2.3.4:allow,RELAYCLIENT=\"@x\"", "1.2.3.4 -> +RELAYCLIENT=@x|\n", NULL},
		{"1.2.3.4:allow,RELAYCLIENT=\".x\"", "1.2.3.4 -> +RELAYCLIENT=.x|\n", NULL},
		{"1.2.3.4:allow,RELAYCLIENT=\"\"", "1.2.3.4 -> +RELAYCLIENT=|\n", NULL},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_rule_finds_the_end_of_the_address(void **state)
{
	const struct row rows[] = {
		{"[2001:db8::]/32:allow", "2001:db8::/32 -> \n", NULL},
		{":::deny", ":: -> D|\n", NULL},
		{"joe@10.0.0.0/8:deny", "joe@10. -> D|\n", "with @"},
		{"1-2.:deny", "1. -> D|\n2. -> D|\n", NULL},
		{"2001:db8::/32:allow,A=\":deny\"", "2001:db8::/32 -> +A=:deny|\n", NULL},
		{"1::2:deny,A=zqz", "1::2 -> D|+A=q|\n", NULL},
		{"127.0.0.1", "none", "no colon"},
		{"  127.0.0.1", "none", "no colon"},
		{"  # a comment", "none", "a blank before #"},
		{"\t#1.2.3.4:allow", "\t#1.2.3.4 -> \n", "a blank before #"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_rule_warns_of_relaying_for_everyone(void **state)
{
	const struct {
		const char *address, *warning;
	} cases[] = {
		{"", "everyone"},
		{"=", "everyone"},
		{"0.0.0.0/0", "everyone"},
		{"::/0", "everyone"},
		{"::ffff:0:0/96", "everyone"},
		{"0-255.", "everyone"},
		{"11.0.0.0/7", NULL}, /* is malformed */
		{"10.0.0.0/8", NULL},
		{"8.0.0.0/7", "larger than"},
		{"10-11.", "larger than"},
		{"10-10.", NULL},
		{"10.", NULL},
		{"10.0-255.", NULL},
		{"2001::/16", NULL},
		{"2000::/15", "larger than"},
		{"64:ff9b::/96", "everyone"},
		{"64:ff9b::/32", "everyone"},
		{"64:ff9b:1::/48", "everyone"},
		{"64:ff9b:1:2::/96", "everyone"},
		{"64:ff9b::800:0/103", "larger than"},
		{"64:ff9b::a00:0/104", NULL},
		{"64:ff9b::102:304", NULL},
		{"64:ff9b:0:1::/64", NULL},
		{"64:ff9b:2::/48", NULL},
		{"=.example", NULL},
		{"1.2.3.4", NULL},
		{"10-12.5.", NULL},
		{"2001:db8::1", NULL},
		{"joe@0.0.0.0/0", "with @"},
	};
	static const struct {
		const char *instructions;
		bool is_relaying;
	} kinds[] = {
		{":allow,RELAYCLIENT=\"\"", true},
		{":allow,A=\"b\",RELAYCLIENT=/@x/,C=\"d\"", true},
		{":allow", false},
		{":allow,RELAYCLIENTS=\"\"", false},
		{":allow,A=\"RELAYCLIENT=\"", false},
		{":deny,RELAYCLIENT=\"\"", false},
	};
	struct text records, why, line;
	struct rule rule;

	(void)state;
	text_init(&records, 100000);
	text_init(&why, 1000);
	text_init(&line, 1000);
	assert_true(rule_init(&rule));
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t kind = 0; kind < LENGTH(kinds); kind++) {
			const char *expected =
				kinds[kind].is_relaying ? cases[index].warning : NULL;
			const char *warning = NULL;

			text_clear(&line);
			text_add_string(&line, cases[index].address);
			text_add_string(&line, kinds[kind].instructions);
			compile(&rule, text_span(&line), &records, &why);
			if (rule.warning_count)
				warning = rule.warnings[rule.warning_count - 1];
			if (warning && strstr(warning, "with @"))
				continue;
			if (expected ? !warning || !strstr(warning, expected) : warning != NULL)
				fail_msg("%s: warning \"%s\"", text_string(&line),
					 warning ? warning : "");
		}
	rule_free(&rule);
	text_free(&records);
	text_free(&why);
	text_free(&line);
}

static void test_rule_tells_why_a_line_is_malformed(void **state)
{
	const struct {
		const char *line, *why;
	} cases[] = {
		{"1.2.3.4: allow", "a blank behind the colon"},
		{"1.2.3.4:", "neither allow nor deny"},
		{"1.2.3.4:Allow", "neither allow nor deny"},
		{"1.2.3.4:allowx", "neither a comma nor the end"},
		{"1.2.3.4:denyx", "neither a comma nor the end"},
		{"1.2.3.4:allow;", "neither a comma nor the end"},
		{"1.2.3.4:allow ,A=\"\"", "neither a comma nor the end"},
		{"1.2.3.4:allow\r", "carriage return"},
		{"1.2.3.4:allow,A=\"b\"\r", "carriage return"},
		{"1.2.3.4:allow,", "nothing behind the last comma"},
		{"1.2.3.4:allow,A=\"\",", "nothing behind the last comma"},
		{"1.2.3.4:allow,A", "no = behind"},
		{"1.2.3.4:allow,A=", "no quote"},
		{"1.2.3.4:allow,A=\"", "no closing quote"},
		{"1.2.3.4:allow,A=\"b", "no closing quote"},
		{"1.2.3.4:allow,A= x ", "no closing quote"},
		{"1.2.3.4:allow,A=\"b\"c", "neither a comma nor the end"},
		{"  # a comment: with a colon", "a blank behind the colon"},
		{"[2001:db8::1]:alow", "neither allow nor deny"},
		{"2001:db8::g:allow", "not an IPv6 address"},
		{"2001:db8::allow", "not an IPv6 address"},
		{"1.2.3.4:25:allow", "not an IPv6 address"},
		{"::allow", "not an IPv6 address"},
		/* the first reason is told, not that of what only looks like instructions */
		{"2001:db8::/129:allow,A=\":deny\"", "prefix length 129"},
	};
	struct text records, why;
	struct rule rule;

	(void)state;
	text_init(&records, 100000);
	text_init(&why, 1000);
	assert_true(rule_init(&rule));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		compile(&rule, span_of(cases[index].line), &records, &why);
		CHECK_SPAN(cases[index].line, text_span(&records), "malformed");
		if (!strstr(text_string(&why), cases[index].why))
			fail_msg("%s: %s", cases[index].line, text_string(&why));
	}
	rule_free(&rule);
	text_free(&records);
	text_free(&why);
}

static void test_rule_takes_a_nul_as_a_byte_and_warns(void **state)
{
	const struct {
		const char *name;
		struct span line, records;
	} cases[] = {
		{"in a value", SPAN("1.2.3.4:allow,A=\"x\0y\""), SPAN("1.2.3.4 -> +A=x|y|\n")},
		{"in the address", SPAN("1.2\0.3:allow"), SPAN("1.2\0.3 -> \n")},
		{"as a quote", SPAN("1.2.3.4:allow,A=\0x\0"), SPAN("1.2.3.4 -> +A=x|\n")},
		{"in a range", SPAN("1.2.3.1\0x-2:allow"), SPAN("1.2.3.1 -> \n1.2.3.2 -> \n")},
		{"without a colon", SPAN("a\0"), SPAN("none")},
		{"at the end", SPAN("1.2.3.4:allow\0"), SPAN("malformed")},
		{"in IPv6", SPAN("::1\0:allow"), SPAN("malformed")},
	};
	struct text records, why;
	struct rule rule;

	(void)state;
	text_init(&records, 1000);
	text_init(&why, 1000);
	assert_true(rule_init(&rule));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		compile(&rule, cases[index].line, &records, &why);
		if (!span_equal(text_span(&records), cases[index].records))
			fail_msg("%s: %s", cases[index].name, text_string(&records));
		if (rule.warning_count == 0)
			fail_msg("%s: no warning", cases[index].name);
	}
	rule_free(&rule);
	text_free(&records);
	text_free(&why);
}

/* Lines of the largest size find room for everything they can be compiled to. */
static void test_rule_takes_lines_of_any_allowed_length(void **state)
{
	const struct {
		const char *start;
		char filler;
		const char *end;
		size_t key, data; /* lengths, -1 for malformed */
	} cases[] = {
		{"", 'a', ":allow", 65530, 0},
		{"1.2.3.4:allow,A=\"", 'v', "\"", 7, 65522},
		{"=", 'A', ":deny", 65531, 2},
		{"1.2.3.", '0', "7-8:deny", 7, 2},
		{"2-3.", '.', ":deny", 65529, 2},
		{"", 'i', "@0.0.0.0/32:deny", 65536 - 8, 2},
		{"", 'i', "@[1::1]:deny", (size_t)-1, 0},
		{"1:", 'x', ":deny", (size_t)-1, 0},
		{":", ':', "deny", (size_t)-1, 0},
	};
	char *line = malloc(RULE_LONGEST_LINE);
	struct text why;
	struct rule rule;

	(void)state;
	text_init(&why, 1000);
	assert_non_null(line);
	assert_true(rule_init(&rule));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		size_t start = strlen(cases[index].start), end = strlen(cases[index].end);
		struct span key, text = {line, RULE_LONGEST_LINE};
		enum rule_kind kind;

		memset(line, cases[index].filler, RULE_LONGEST_LINE);
		memcpy(line, cases[index].start, start);
		memcpy(line + RULE_LONGEST_LINE - end, cases[index].end, end);
		kind = rule_read(&rule, text, &why);
		if (cases[index].key == (size_t)-1) {
			assert_int_equal(kind, RULE_MALFORMED);
			continue;
		}
		assert_int_equal(kind, RULE_GOOD);
		assert_true(rule_next_key(&rule, &key));
		assert_int_equal(key.length, cases[index].key);
		assert_int_equal(rule.data.length, cases[index].data);
		assert_false(rule.data.failed);
	}
	rule_free(&rule);
	text_free(&why);
	free(line);
}

/* Instructions that are repeated are remembered, and must not be mixed up with others. */
static void test_rule_forgets_the_line_before(void **state)
{
	const struct row rows[] = {
		{"1.2.3.4:allow,A=\"b\"", "1.2.3.4 -> +A=b|\n", NULL},
		{"1.2.3.5:allow,A=\"b\"", "1.2.3.5 -> +A=b|\n", NULL},
		{"1.2.3.5:allow,A=\"b", "malformed", NULL},
		{"1.2.3.5:allow,A=\"b", "malformed", NULL},
		{"1.2.3.5:allow,A=\"b\"", "1.2.3.5 -> +A=b|\n", NULL},
		{"1.2.3.6:allow", "1.2.3.6 -> \n", NULL},
		{"1.2.3.6:deny", "1.2.3.6 -> D|\n", NULL},
		{":allow,RELAYCLIENT=\"\"", " -> +RELAYCLIENT=|\n", "everyone"},
		{"1.2.3.6:allow,RELAYCLIENT=\"\"", "1.2.3.6 -> +RELAYCLIENT=|\n", NULL},
		{":allow,RELAYCLIENT=\"\"", " -> +RELAYCLIENT=|\n", "everyone"},
		{":allow", " -> \n", NULL},
		{"1.2.3.4:allow, A=\"b\"", "1.2.3.4 -> + A=b|\n", "blank in"},
		{"1.2.3.5:allow, A=\"b\"", "1.2.3.5 -> + A=b|\n", "blank in"},
		{"1.2.3.5:allow,A=\"b\"", "1.2.3.5 -> +A=b|\n", NULL},
		{"2001:db8::/32:deny", "2001:db8::/32 -> D|\n", NULL},
		{"1.2.3.4:deny", "1.2.3.4 -> D|\n", NULL},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule_takes_the_traditional_language),
		cmocka_unit_test(test_rule_finds_the_end_of_the_address),
		cmocka_unit_test(test_rule_warns_of_relaying_for_everyone),
		cmocka_unit_test(test_rule_tells_why_a_line_is_malformed),
		cmocka_unit_test(test_rule_takes_a_nul_as_a_byte_and_warns),
		cmocka_unit_test(test_rule_takes_lines_of_any_allowed_length),
		cmocka_unit_test(test_rule_forgets_the_line_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
