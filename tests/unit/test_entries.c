#include "host/entries.h"

#include <sys/stat.h>
#include <time.h>

#include "support/check.h"
#include "support/control_directory.h"

static void read_entries(struct span contents, struct entries *entries)
{
	struct text why;

	text_init(&why, 1000);
	control_directory_put("list", contents);
	assert_int_equal(entries_read(entries, "list", &why), VERDICT_YES);
	text_free(&why);
}

static void test_entries_are_found(void **state)
{
	const struct {
		const char *name;
		struct span contents;
		const char *asked;
		enum verdict verdict;
	} cases[] = {
		{"there", SPAN("a.example\nb.example\n"), "b.example", VERDICT_YES},
		{"in capitals", SPAN("A.Example\n"), "a.EXAMPLE", VERDICT_YES},
		{"blanks at the end go", SPAN("a.example \t\n"), "a.example", VERDICT_YES},
		{"no LF at the end", SPAN("x\na.example"), "a.example", VERDICT_YES},
		{"twice", SPAN("a\na\nb\n"), "b", VERDICT_YES},
		{"a part of one", SPAN("a.example\n"), "a.exampl", VERDICT_NO},
		{"more than one", SPAN("a.example\n"), "a.example.", VERDICT_NO},
		{"two at once", SPAN("a\nb\n"), "a\nb", VERDICT_NO},
		{"a comment", SPAN("#a\n"), "#a", VERDICT_NO},
		{"blanks in front are the entry's own", SPAN(" a\n"), "a", VERDICT_NO},
		{"an empty line", SPAN("\na\n"), "", VERDICT_NO},
		{"an empty file", SPAN(""), "a", VERDICT_NO},
		{"only comments", SPAN("#\n\n# x\n"), "x", VERDICT_NO},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct entries entries;

		read_entries(cases[index].contents, &entries);
		if (entries_find(&entries, span_of(cases[index].asked)) != cases[index].verdict)
			fail_msg("%s: wrong verdict", cases[index].name);
		assert_true(entries.exists);
		entries_free(&entries);
	}
}

static void test_entries_know_their_lines(void **state)
{
	struct entries entries;

	(void)state;
	read_entries(SPAN("# c\n\nA.example \nb.example\na.example"), &entries);
	assert_int_equal(entries_line(&entries, SPAN("a.example")), 3);
	assert_int_equal(entries_line(&entries, SPAN("B.example")), 4);
	assert_int_equal(entries_line(&entries, SPAN("c.example")), 0);
	entries_free(&entries);
}

static void test_entries_a_missing_file_is_known(void **state)
{
	struct entries entries;
	struct text why;
	char path[200];

	(void)state;
	text_init(&why, 1000);
	assert_int_equal(entries_read(&entries, "missing", &why), VERDICT_NO);
	assert_false(entries.exists);
	assert_int_equal(entries_find(&entries, SPAN("a")), VERDICT_NO);
	entries_free(&entries);
	assert_int_equal(mkdir(control_directory_path("folder", path), 0700), 0);
	assert_int_equal(entries_read(&entries, "folder", &why), VERDICT_LATER);
	assert_non_null(strstr(text_string(&why), "/folder"));
	entries_free(&entries);
	text_free(&why);
}

static void test_entries_long_lists_are_fast(void **state)
{
	struct text contents;
	struct entries entries;
	clock_t start;

	(void)state;
	text_init(&contents, 10000000);
	for (unsigned index = 0; index < 100000; index++) {
		text_add_string(&contents, "domain");
		text_add_number(&contents, index);
		text_add_string(&contents, ".example\n");
	}
	read_entries(text_span(&contents), &entries);
	start = clock();
	for (unsigned index = 0; index < 100000; index++) {
		char name[100];

		snprintf(name, sizeof(name), "DOMAIN%u.example", index);
		assert_int_equal(entries_find(&entries, span_of(name)), VERDICT_YES);
		name[0] = 'x';
		assert_int_equal(entries_find(&entries, span_of(name)), VERDICT_NO);
	}
	/* Looking through the list each time would take minutes. */
	assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
	entries_free(&entries);
	text_free(&contents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_found),
		cmocka_unit_test(test_entries_know_their_lines),
		cmocka_unit_test(test_entries_a_missing_file_is_known),
		cmocka_unit_test(test_entries_long_lists_are_fast),
	};

	return cmocka_run_group_tests_name("entries", tests, control_directory_make,
					   control_directory_remove);
}
