#include "unix/marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"

static char directory[] = "/tmp/tidewaiter-marks.XXXXXX";

static void path_of(const char *name, char path[200])
{
	snprintf(path, 200, "%s/%s", directory, name);
}

static void put(const char *name, int age)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - age}, {.tv_sec = time(NULL) - age}};
	char path[200];
	int file;

	path_of(name, path);
	file = open(path, O_WRONLY | O_CREAT, 0644);
	assert_int_not_equal(file, -1);
	assert_int_equal(futimens(file, times), 0);
	close(file);
}

static bool is_there(const char *name)
{
	struct stat status;
	char path[200];

	path_of(name, path);
	return lstat(path, &status) == 0;
}

static struct address client(const char *text)
{
	struct address address = {.version = 0};

	assert_true(address_read(text, &address));
	return address;
}

static enum verdict find(const char *text, uint32_t lifetime, struct text *why)
{
	struct address address = client(text);

	text_clear(why);
	return marks_find(directory, &address, lifetime, why);
}

static void renew(const char *text)
{
	struct address address = client(text);

	if (marks_renew(directory, &address) == -1)
		fail_msg("%s: %s", text, strerror(errno));
}

static int make_directory(void **state)
{
	(void)state;
	strcpy(directory + sizeof(directory) - 7, "XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void test_marks_are_for_whom_they_were_made(void **state)
{
	static const struct {
		const char *name, *signed_in, *file, *caller;
		enum verdict verdict;
	} cases[] = {
		{"IPv4", "192.0.2.1", "192.0.2.1", "192.0.2.1", VERDICT_YES},
		{"a neighbour", "192.0.2.3", "192.0.2.3", "192.0.2.2", VERDICT_NO},
		{"mapped", "::ffff:192.0.2.4", "192.0.2.4", "192.0.2.4", VERDICT_YES},
		{"mapped when it calls", "192.0.2.5", "192.0.2.5", "::ffff:192.0.2.5", VERDICT_YES},
		{"IPv6", "2001:db8::1", "2001:db8::", "2001:db8::1", VERDICT_YES},
		{"in the same /64", "2001:db8:0:1::1",
		 "2001:db8:0:1::", "2001:DB8:0:1:f::", VERDICT_YES},
		{"translated", "64:ff9b::192.0.2.6", "64:ff9b::c000:206", "64:ff9b::192.0.2.6",
		 VERDICT_YES},
		{"on a link", "fe80::1", "fe80::1", "fe80::1", VERDICT_YES},
		{"a neighbour there", "fe80::1", "fe80::1", "fe80::2", VERDICT_NO},
		{"another of a Teredo server", "2001:0:53aa:64c:0:fb43:3f57:fefe",
		 "2001:0:53aa:64c:0:fb43:3f57:fefe", "2001:0:53aa:64c::1", VERDICT_NO},
		{"this machine", "::1", "::1", "::192.0.2.1", VERDICT_NO},
		{"another's, translated", "64:ff9b:1::192.0.2.6", "64:ff9b:1::c000:206",
		 "64:ff9b:1::192.0.2.7", VERDICT_NO},
		{"in another /64", "2001:db8:0:3::1", "2001:db8:0:3::", "2001:db8:0:2::1",
		 VERDICT_NO},
	};
	struct text why;

	(void)state;
	text_init(&why, 1000);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		renew(cases[index].signed_in);
		if (!is_there(cases[index].file))
			fail_msg("%s: no file %s", cases[index].name, cases[index].file);
		if (find(cases[index].caller, 1800, &why) != cases[index].verdict)
			fail_msg("%s: wrong verdict, %s", cases[index].name, text_string(&why));
	}
	text_free(&why);
}

static void test_marks_hold_for_their_lifetime(void **state)
{
	static const struct {
		const char *name, *file, *caller;
		int age;
		uint32_t lifetime;
		enum verdict verdict;
	} cases[] = {
		{"new", "192.0.2.1", "192.0.2.1", 0, 1, VERDICT_YES},
		{"young", "192.0.2.1", "192.0.2.1", 1700, 1800, VERDICT_YES},
		{"as old as the lifetime", "192.0.2.1", "192.0.2.1", 1800, 1800, VERDICT_NO},
		{"old", "192.0.2.1", "192.0.2.1", 90000, 86400, VERDICT_NO},
		{"a little ahead of the clock", "192.0.2.1", "192.0.2.1", -5, 1800, VERDICT_YES},
		{"far ahead of the clock", "192.0.2.1", "192.0.2.1", -3600, 1800, VERDICT_LATER},
		{"young, moved aside", "192.0.2.2.expiring", "192.0.2.2", 1700, 1800, VERDICT_YES},
		{"old, moved aside", "192.0.2.2.expiring", "192.0.2.2", 1900, 1800, VERDICT_NO},
		{"another form of the name", "192.0.2.03", "192.0.2.3", 0, 1800, VERDICT_NO},
	};
	struct text why;

	(void)state;
	text_init(&why, 1000);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		put(cases[index].file, cases[index].age);
		if (find(cases[index].caller, cases[index].lifetime, &why) != cases[index].verdict)
			fail_msg("%s: wrong verdict, %s", cases[index].name, text_string(&why));
	}
	text_free(&why);
}

static void test_marks_that_cannot_be_read_are_neither_there_nor_absent(void **state)
{
	struct address address = client("192.0.2.1");
	struct text why;
	char path[200];

	(void)state;
	text_init(&why, 1000);
	assert_int_equal(marks_find("/dev/null", &address, 1800, &why), VERDICT_LATER);
	assert_non_null(strstr(text_string(&why), "/dev/null: Not a directory"));
	assert_int_equal(marks_renew("/dev/null", &address), -1);
	path_of("missing", path);
	text_clear(&why);
	assert_int_equal(marks_find(path, &address, 1800, &why), VERDICT_LATER);
	assert_int_equal(marks_renew(path, &address), -1);
	assert_int_equal(errno, ENOENT);
	text_free(&why);
}

static void test_marks_are_regular_files_and_nothing_else(void **state)
{
	struct address address = client("192.0.2.1");
	struct marks_count count;
	struct stat before, after;
	struct text why;
	char path[200], target[200];

	(void)state;
	text_init(&why, 1000);
	put("target", 5000);
	path_of("target", target);
	path_of("192.0.2.1", path);
	assert_int_equal(stat(target, &before), 0);
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(find("192.0.2.1", 86400, &why), VERDICT_LATER);
	assert_int_equal(marks_renew(directory, &address), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(stat(target, &after), 0);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(marks_expire(directory, 1, &count), 0);
	assert_true(is_there("192.0.2.1"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(marks_renew(directory, &address), -1);
	assert_int_equal(find("192.0.2.1", 86400, &why), VERDICT_LATER);
	text_free(&why);
}

static void test_marks_may_be_renewed_by_whoever_may_write_to_the_directory(void **state)
{
	static const struct {
		const char *name;
		mode_t directory, mark;
	} cases[] = {
		{"one user's own", 0755, 0644},
		{"a group's", 02770, 0660},
		{"everybody's", 01777, 0666},
	};
	mode_t mask = umask(077);

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct stat status;
		char path[200];

		path_of("192.0.2.1", path);
		unlink(path);
		assert_int_equal(chmod(directory, cases[index].directory), 0);
		renew("192.0.2.1");
		assert_int_equal(stat(path, &status), 0);
		if ((status.st_mode & 07777) != cases[index].mark)
			fail_msg("%s: %o", cases[index].name, status.st_mode & 07777);
	}
	assert_int_equal(umask(mask), 077);
}

static void test_marks_expire_removes_what_is_old_and_nothing_else(void **state)
{
	static const struct {
		const char *name, *file;
		int age;
		bool stays;
	} cases[] = {
		{"young", "192.0.2.1", 10, true},
		{"old", "192.0.2.2", 100, false},
		{"young IPv6", "2001:db8::", 10, true},
		{"old IPv6", "2001:db8:1::", 100, false},
		{"ahead of the clock", "192.0.2.3", -3600, false},
		{"old, moved aside", "192.0.2.4.expiring", 100, false},
		{"no address", "notes", 100, true},
		{"another form of an address", "192.0.2.04", 100, true},
		{"more than a /64", "2001:db8:2::1", 100, true},
		{"hidden", ".192.0.2.5", 100, true},
		{"another ending", "192.0.2.5.old", 100, true},
		{"moved aside, in another form", "192.0.2.6.EXPIRING", 100, true},
	};
	struct marks_count count;

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		put(cases[index].file, cases[index].age);
	put("192.0.2.9.expiring", 10); /* what an expiry leaves that is killed */
	assert_int_equal(marks_expire(directory, 60, &count), 0);
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (is_there(cases[index].file) != cases[index].stays)
			fail_msg("%s: %s", cases[index].name,
				 cases[index].stays ? "it is gone" : "it is still there");
	assert_int_equal(count.removed, 4);
	assert_true(is_there("192.0.2.9"));
	assert_false(is_there("192.0.2.9.expiring"));
}

static void test_marks_are_expired_by_one_at_a_time(void **state)
{
	struct marks_count count;
	int other = open(directory, O_RDONLY | O_DIRECTORY);

	(void)state;
	put("192.0.2.1", 100);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(marks_expire(directory, 60, &count), -1);
	assert_int_equal(errno, EWOULDBLOCK);
	renew("192.0.2.2"); /* a login does not wait for it */
	close(other);
	assert_int_equal(marks_expire(directory, 60, &count), 0);
	assert_int_equal(count.removed, 1);
	assert_int_equal(count.kept, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_marks_are_for_whom_they_were_made),
		TEST(test_marks_hold_for_their_lifetime),
		TEST(test_marks_that_cannot_be_read_are_neither_there_nor_absent),
		TEST(test_marks_are_regular_files_and_nothing_else),
		TEST(test_marks_may_be_renewed_by_whoever_may_write_to_the_directory),
		TEST(test_marks_expire_removes_what_is_old_and_nothing_else),
		TEST(test_marks_are_expired_by_one_at_a_time),
	};

	return cmocka_run_group_tests_name("marks", tests, NULL, NULL);
}
