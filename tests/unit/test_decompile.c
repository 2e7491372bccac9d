#include "rules/decompile.h"

#include "support/check.h"

#define NONE            \
	(struct span)   \
	{               \
		NULL, 0 \
	}

static void test_decompile_writes_what_compiles_to_the_record(void **state)
{
	const struct {
		const char *name;
		struct span key, data, line; /* line is empty when there is none */
	} cases[] = {
		{"allow", SPAN("10."), SPAN(""), SPAN("10.:allow\n")},
		{"deny", SPAN(""), SPAN("D\0"), SPAN(":deny\n")},
		{"variables", SPAN("1.2.3.4"), SPAN("D\0+A=1\0+B=\0"),
		 SPAN("1.2.3.4:deny,A=\"1\",B=\"\"\n")},
		{"a quotation mark", SPAN("10."), SPAN("+A=\"\0"), SPAN("10.:allow,A='\"'\n")},
		{"all usual quotes", SPAN("10."), SPAN("+A=\"'/|!%\0"),
		 SPAN("10.:allow,A=#\"'/|!%#\n")},
		{"a network", SPAN("2001:db8::/32"), SPAN(""), SPAN("2001:db8::/32:allow\n")},
		{"a name", SPAN("=.example"), SPAN(""), SPAN("=.example:allow\n")},
		{"an ident answer", SPAN("a:b@10.1.1.1"), SPAN(""), NONE},
		{"what can never match", SPAN("10"), SPAN(""), SPAN("10:allow\n")},
		{"what would be a range", SPAN("1-2."), SPAN(""), NONE},
		{"a range of prefixes", SPAN("10.1.0.0/16"), SPAN(""),
		 SPAN("10-10.1.0.0/16:allow\n")},
		{"more behind the slash", SPAN("1.2.3.4/24.5"), SPAN(""),
		 SPAN("1-1.2.3.4/24.5:allow\n")},
		{"a second range", SPAN("10.1.3-4."), SPAN(""), SPAN("10-10.1.3-4.:allow\n")},
		{"of a number of three digits", SPAN("192.1.3-4."), SPAN(""),
		 SPAN("192-192.1.3-4.:allow\n")},
		{"of one that is longer", SPAN("1920.1.3-4."), SPAN(""), NONE},
		{"a prefix of IPv6", SPAN("2001:DB8::/32"), SPAN(""), NONE},
		{"what would be another address", SPAN("2001:DB8::1"), SPAN(""), NONE},
		{"what would be a comment", SPAN("#"), SPAN(""), NONE},
		{"an item of another kind", SPAN("10."), SPAN("#x\0"), NONE},
		{"deny in the middle", SPAN("10."), SPAN("+A=1\0D\0"),
		 SPAN("10.:allow,A=\"1\0D\"\n")},
		{"a NUL at the end", SPAN("10."), SPAN("+A=1\0\0"), SPAN("10.:allow,A=\"1\0\"\n")},
		{"an item without its end", SPAN("10."), SPAN("+A=1"), NONE},
		{"a variable without =", SPAN("10."), SPAN("+A\0"), NONE},
		{"a line feed", SPAN("10."), SPAN("+A=\n\0"), NONE},
		{"the index", SPAN(":prefix-lengths"), SPAN("#4/9\0"), NONE},
	};
	struct rule reader;

	(void)state;
	assert_true(rule_init(&reader));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text line;
		bool is_written;

		text_init(&line, 1000);
		is_written = decompile(&reader, NULL, cases[index].key, cases[index].data, &line);
		if (is_written != (cases[index].line.length > 0) ||
		    !span_equal(text_span(&line), cases[index].line))
			fail_msg("%s: %s", cases[index].name, text_string(&line));
		text_free(&line);
	}
	rule_free(&reader);
}

/* A line cannot end in a blank, nor hold a line feed. */
static void test_decompile_quotes_with_the_only_byte_left(void **state)
{
	static const struct {
		const char *name;
		char byte;
		bool is_last; /* the variable */
		bool is_written;
	} cases[] = {
		{"a letter", 'q', true, true},	      {"the last byte", '\xff', true, true},
		{"a blank", ' ', true, false},	      {"a tab", '\t', true, false},
		{"a blank inside", ' ', false, true}, {"a tab inside", '\t', false, true},
		{"none", '\n', true, false},
	};
	struct rule reader;

	(void)state;
	assert_true(rule_init(&reader));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text data, line;

		text_init(&data, 1000);
		text_init(&line, 1000);
		text_add_string(&data, "+A=");
		for (int byte = 0; byte < 256; byte++)
			if ((char)byte != '\n' && (char)byte != cases[index].byte)
				text_add_byte(&data, (char)byte);
		text_add_byte(&data, '\0');
		if (!cases[index].is_last)
			text_add(&data, SPAN("+B=\0"));
		if (decompile(&reader, NULL, SPAN("10."), text_span(&data), &line) !=
		    cases[index].is_written)
			fail_msg("%s: %s", cases[index].name, text_string(&line));
		text_free(&data);
		text_free(&line);
	}
	rule_free(&reader);
}

static void test_decompile_adds_nothing_to_the_index(void **state)
{
	struct prefix_lengths indexed = {.has_4 = {false}};
	struct rule reader;
	struct text line;

	(void)state;
	assert_true(rule_init(&reader));
	text_init(&line, 1000);
	prefix_lengths_add(&indexed, 4, 25);
	assert_true(decompile(&reader, &indexed, SPAN("10.0.0.0/25"), SPAN(""), &line));
	assert_true(decompile(&reader, &indexed, SPAN("10.0.0.0/26"), SPAN(""), &line));
	assert_true(decompile(&reader, &indexed, SPAN("10."), SPAN(""), &line));
	CHECK_SPAN("lines", text_span(&line),
		   "10.0.0.0/25:allow\n10-10.0.0.0/26:allow\n10.:allow\n");
	assert_false(decompile(&reader, &indexed, SPAN("2001:db8::/32"), SPAN(""), &line));
	text_free(&line);
	rule_free(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decompile_writes_what_compiles_to_the_record),
		cmocka_unit_test(test_decompile_quotes_with_the_only_byte_left),
		cmocka_unit_test(test_decompile_adds_nothing_to_the_index),
	};

	return cmocka_run_group_tests_name("decompile", tests, NULL, NULL);
}
