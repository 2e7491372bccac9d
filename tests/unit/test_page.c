#include "base/page.h"

#include "support/check.h"

static void test_page_keeps_to_80_columns(void **state)
{
	const struct {
		const char *name, *lead;
		size_t indent;
		struct span words;
		const char *written;
	} cases[] = {
		{"one line", "lead", 6, SPAN("some words"), "lead  some words\n"},
		{"no words", "lead", 6, SPAN(""), "lead  \n"},
		{"a long lead", "a long lead", 4, SPAN("words"), "a long lead words\n"},
		{"a lead of just that length", "lead", 4, SPAN("words"), "lead words\n"},
		{"several lines", "", 72, SPAN("12345678 12345678 1 2"),
		 "                                                                        "
		 "12345678\n"
		 "                                                                        "
		 "12345678\n"
		 "                                                                        1 2\n"},
		{"80 fit", "", 70, SPAN("12345678 x"),
		 "                                                                      12345678 "
		 "x\n"},
		{"81 do not", "", 70, SPAN("123456789 x"),
		 "                                                                      "
		 "123456789\n                                                                   "
		 "   x\n"},
		{"what is not printable is wider", "", 76, SPAN("a \x01"),
		 "                                                                            "
		 "a\n                                                                            "
		 "\\x01\n"},
		{"a word that is too long stays whole", "", 78, SPAN("123456"),
		 "                                                                              "
		 "123456\n"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text out;
		struct page page = {&out, false};

		text_init(&out, 1000);
		page_write(&page, PAGE_STRONG, cases[index].lead, cases[index].indent,
			   cases[index].words);
		CHECK_SPAN(cases[index].name, text_span(&out), cases[index].written);
		text_free(&out);
	}
}

static void test_page_escapes_and_colours(void **state)
{
	struct text out;
	struct page page = {&out, true};

	(void)state;
	text_init(&out, 1000);
	page_line(&page, PAGE_GOOD, 1, SPAN("a\033[31m\xff"));
	page_line(&page, PAGE_PLAIN, 0, SPAN("b"));
	CHECK_SPAN("only our own colour", text_span(&out), "\033[32m a\\x1b[31m\\xff\033[0m\nb\n");
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page_keeps_to_80_columns),
		cmocka_unit_test(test_page_escapes_and_colours),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
