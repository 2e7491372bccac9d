#include "unix/control.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"

static char directory[] = "/tmp/tidewaiter-control.XXXXXX";

static void put(const char *name, struct span contents)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fwrite(contents.bytes, 1, contents.length, file);
	assert_int_equal(fclose(file), 0);
}

/* What happens to a list when it has been read and is still open. */
static void (*meanwhile)(void);

int __real_file_read_all(int descriptor, struct text *text);
int __wrap_file_read_all(int descriptor, struct text *text);

int __wrap_file_read_all(int descriptor, struct text *text)
{
	int result = __real_file_read_all(descriptor, text);

	if (meanwhile)
		meanwhile();
	return result;
}

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	return setenv("CONTROLDIR", directory, 1);
}

static int remove_directory(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void test_control_line_is_the_first_one(void **state)
{
	static const struct {
		const char *name;
		struct span contents;
		enum verdict verdict;
		const char *line;
	} cases[] = {
		{"one line", {"mail.example.org\n", 17}, VERDICT_YES, "mail.example.org"},
		{"blanks at the end go", {"me \t\nother\n", 11}, VERDICT_YES, "me"},
		{"blanks in front stay", {" me\n", 4}, VERDICT_YES, " me"},
		{"no LF", {"me", 2}, VERDICT_YES, "me"},
		{"empty", {"", 0}, VERDICT_YES, ""},
		{"NUL", {"m\0e\n", 4}, VERDICT_LATER, ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text line, why;

		text_init(&line, 100);
		text_init(&why, 1000);
		put("me", cases[index].contents);
		if (control_line("me", &line, &why) != cases[index].verdict)
			fail_msg("%s: wrong verdict, %s", cases[index].name, text_string(&why));
		CHECK_SPAN(cases[index].name, text_span(&line), cases[index].line);
		text_free(&line);
		text_free(&why);
	}
}

/* However much follows that is not looked at. */
static void test_control_line_of_a_long_file(void **state)
{
	static char much[20000];
	struct text line, why;

	(void)state;
	text_init(&line, 100);
	text_init(&why, 1000);
	memset(much, 'x', sizeof(much));
	memcpy(much, "me\n", 3);
	put("me", (struct span){much, sizeof(much)});
	assert_int_equal(control_line("me", &line, &why), VERDICT_YES);
	CHECK_SPAN("the first line", text_span(&line), "me");
	much[2] = 'x';
	put("me", (struct span){much, sizeof(much)});
	assert_int_equal(control_line("me", &line, &why), VERDICT_LATER);
	text_free(&line);
	text_free(&why);
}

static void test_control_absent_is_not_unreadable(void **state)
{
	struct text line, contents, why;
	char path[200];

	(void)state;
	text_init(&line, 100);
	text_init(&contents, CONTROL_LARGEST);
	text_init(&why, 1000);
	assert_int_equal(control_line("missing", &line, &why), VERDICT_NO);
	assert_int_equal(why.length, 0);
	snprintf(path, sizeof(path), "%s/folder", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(control_line("folder", &line, &why), VERDICT_LATER);
	assert_non_null(strstr(text_string(&why), "/folder"));
	/* Somebody has put it there: without rcpthosts everybody could relay. */
	text_clear(&why);
	snprintf(path, sizeof(path), "%s/link", directory);
	assert_int_equal(symlink("/not/mounted/rcpthosts", path), 0);
	assert_int_equal(control_read("link", &line, &why), VERDICT_LATER);
	assert_non_null(strstr(text_string(&why), "/link"));
	assert_int_equal(unlink(path), 0);
	put("real", SPAN("a\n"));
	assert_int_equal(symlink("real", path), 0);
	assert_int_equal(control_line("link", &line, &why), VERDICT_YES);
	CHECK_SPAN("a link that leads somewhere", text_span(&line), "a");
	/* What is read is more than its size says, as where it grows meanwhile. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/proc/self/status", path), 0);
	text_clear(&why);
	assert_int_equal(control_read("link", &contents, &why), VERDICT_LATER);
	assert_non_null(strstr(text_string(&why), "changed while it was read"));
	text_free(&contents);
	text_free(&line);
	text_free(&why);
}

static void overwrite_it(void)
{
	put("list", SPAN("new.example\n"));
}

static void cut_it(void)
{
	put("list", SPAN("new"));
}

static void replace_it(void)
{
	char from[200], to[200];

	put("list.new", SPAN("new.example\n"));
	snprintf(from, sizeof(from), "%s/list.new", directory);
	snprintf(to, sizeof(to), "%s/list", directory);
	assert_int_equal(rename(from, to), 0);
}

/* What was read of a list may be half of it and half of another. */
static void test_control_list_that_changes_is_unreadable(void **state)
{
	static const struct {
		const char *name;
		void (*happens)(void);
		enum verdict verdict;
	} cases[] = {
		{"nothing", NULL, VERDICT_YES},
		{"another file gets its name", replace_it, VERDICT_YES},
		{"it is overwritten by as many bytes", overwrite_it, VERDICT_LATER},
		{"it is cut short", cut_it, VERDICT_LATER},
	};
	static const struct timespec long_ago[] = {{1000000000, 0}, {1000000000, 0}};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		char path[200];
		struct text contents, why;

		text_init(&contents, 1000);
		text_init(&why, 1000);
		put("list", SPAN("old.example\n"));
		snprintf(path, sizeof(path), "%s/list", directory);
		assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
		meanwhile = cases[index].happens;
		if (control_read("list", &contents, &why) != cases[index].verdict)
			fail_msg("%s: wrong verdict, %s", cases[index].name, text_string(&why));
		meanwhile = NULL;
		CHECK_SPAN(cases[index].name, text_span(&contents), "old.example\n");
		text_free(&contents);
		text_free(&why);
	}
}

static void test_control_number_prefers_the_environment(void **state)
{
	struct text why;
	uint64_t number = 9;

	(void)state;
	text_init(&why, 1000);
	unsetenv("DATABYTES");
	assert_true(control_number("databytes", "DATABYTES", 1000, &number, &why));
	assert_int_equal(number, 9);
	put("databytes", SPAN("500 \n"));
	assert_true(control_number("databytes", "DATABYTES", 1000, &number, &why));
	assert_int_equal(number, 500);
	setenv("DATABYTES", "", 1);
	assert_true(control_number("databytes", "DATABYTES", 1000, &number, &why));
	assert_int_equal(number, 0);
	setenv("DATABYTES", "-5", 1);
	number = 9;
	assert_true(control_number("databytes", "DATABYTES", 1000, &number, &why));
	assert_int_equal(number, 0);
	setenv("DATABYTES", "-", 1);
	assert_false(control_number("databytes", "DATABYTES", 1000, &number, &why));
	text_clear(&why);
	setenv("DATABYTES", "1001", 1);
	assert_false(control_number("databytes", "DATABYTES", 1000, &number, &why));
	assert_non_null(strstr(text_string(&why), "DATABYTES"));
	unsetenv("DATABYTES");
	text_clear(&why);
	put("databytes", SPAN("12x\n"));
	assert_false(control_number("databytes", "DATABYTES", 1000, &number, &why));
	assert_non_null(strstr(text_string(&why), "databytes"));
	assert_non_null(strstr(text_string(&why), "12x"));
	assert_int_equal(number, 0);
	text_free(&why);
}

static void test_control_number_may_be_too_long(void **state)
{
	static char digits[9001];
	static const size_t lengths[] = {21, 255, 256, sizeof(digits) - 1};
	uint64_t number = 9;
	struct text why;

	(void)state;
	text_init(&why, 20000);
	for (size_t index = 0; index < LENGTH(lengths); index++) {
		memset(digits, '9', sizeof(digits) - 1);
		digits[lengths[index]] = '\0';
		setenv("DATABYTES", digits, 1);
		assert_false(control_number("databytes", "DATABYTES", 1000, &number, &why));
		unsetenv("DATABYTES");
		put("databytes", span_of(digits));
		assert_false(control_number("databytes", "DATABYTES", 1000, &number, &why));
		assert_int_equal(number, 9);
		text_clear(&why);
	}
	text_free(&why);
}

static void test_control_list_skips_comments(void **state)
{
	struct span rest = SPAN("# ours\n\nexample.org \n \n.example.net\t\n#last\nend"), entry;
	unsigned line = 0;

	(void)state;
	assert_true(control_next(&rest, &entry, &line));
	CHECK_SPAN("first", entry, "example.org");
	assert_int_equal(line, 3);
	assert_true(control_next(&rest, &entry, &line));
	CHECK_SPAN("second", entry, ".example.net");
	assert_true(control_next(&rest, &entry, &line));
	CHECK_SPAN("last", entry, "end");
	assert_int_equal(line, 7);
	assert_false(control_next(&rest, &entry, &line));
}

static void test_control_secret_is_only_read_where_others_cannot(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		enum verdict verdict;
	} cases[] = {
		{"the owner's", 0600, VERDICT_YES},
		{"the group's, too", 0660, VERDICT_YES},
		{"for all to read", 0604, VERDICT_LATER},
		{"for all to write", 0602, VERDICT_LATER},
		{"for all to execute", 0601, VERDICT_LATER},
	};
	struct text contents, why;
	char path[200];

	(void)state;
	text_init(&contents, 100000);
	text_init(&why, 1000);
	assert_int_equal(control_read_secret("missing", &contents, &why), VERDICT_NO);
	assert_int_equal(why.length, 0);
	put("secret", SPAN("a password\n"));
	snprintf(path, sizeof(path), "%s/secret", directory);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		text_clear(&contents);
		text_clear(&why);
		assert_int_equal(chmod(path, cases[index].mode), 0);
		if (control_read_secret("secret", &contents, &why) != cases[index].verdict)
			fail_msg("%s: wrong verdict, %s", cases[index].name, text_string(&why));
		CHECK_SPAN(cases[index].name, text_span(&contents),
			   cases[index].verdict == VERDICT_YES ? "a password\n" : "");
		assert_int_equal(why.length == 0, cases[index].verdict == VERDICT_YES);
		assert_null(strstr(text_string(&why), "a password"));
	}
	/* The room was there before: reading left no copy behind in a block that was too small. */
	assert_true(contents.capacity > 16384);
	text_free(&contents);
	text_free(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_line_is_the_first_one),
		cmocka_unit_test(test_control_line_of_a_long_file),
		cmocka_unit_test(test_control_absent_is_not_unreadable),
		cmocka_unit_test(test_control_list_that_changes_is_unreadable),
		cmocka_unit_test(test_control_number_prefers_the_environment),
		cmocka_unit_test(test_control_number_may_be_too_long),
		cmocka_unit_test(test_control_list_skips_comments),
		cmocka_unit_test(test_control_secret_is_only_read_where_others_cannot),
	};

	return cmocka_run_group_tests_name("control", tests, make_directory, remove_directory);
}
