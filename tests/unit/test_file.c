#include "unix/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static struct stat synced; /* what the last fsync was asked for */

int __wrap_fsync(int descriptor);

int __wrap_fsync(int descriptor)
{
	return fstat(descriptor, &synced);
}

/* As an old kernel has it. */
int __wrap_close_range(unsigned first, unsigned last, int flags);

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
	(void)first, (void)last, (void)flags;
	errno = ENOSYS;
	return -1;
}

static void test_file_closes_what_is_open_alone(void **state)
{
	int first = dup(0), kept = dup(0), last = fcntl(0, F_DUPFD, 900);
	pid_t child;
	int status;

	(void)state;
	child = fork();
	if (child == 0) {
		file_inherit_none();
		for (int number = 3; number <= last; number++)
			if (fcntl(number, F_GETFD) == 0)
				_exit(1);
		file_keep_only(&kept, 1);
		for (int number = 3; number <= last; number++)
			if ((fcntl(number, F_GETFD) == -1) != (number != kept))
				_exit(2);
		_exit(fcntl(2, F_GETFD) == 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	close(first);
	close(kept);
	close(last);
}

static void test_file_tells_how_much_is_unread(void **state)
{
	int ends[2], null = open("/dev/null", O_RDONLY);
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(file_unread(ends[0]), 0);
	assert_int_equal(file_write(ends[1], SPAN("abc")), 0);
	assert_int_equal(file_unread(ends[0]), 3);
	assert_int_equal(file_read(ends[0], &byte, 1), 1);
	assert_int_equal(file_unread(ends[0]), 2);
	assert_int_equal(file_unread(null), 0);
	close(ends[0]);
	close(ends[1]);
	close(null);
	assert_int_equal(file_unread(null), 0);
}

static int make_file(mode_t mode)
{
	char path[] = "/tmp/tidewaiter-file.XXXXXX";
	int descriptor = mkstemp(path);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fchmod(descriptor, mode), 0);
	return descriptor;
}

static void test_file_is_protected_like_another(void **state)
{
	static const struct {
		const char *name;
		mode_t model, protected;
	} cases[] = {
		{"private", 0600, 0600},     {"a group reads", 0640, 0640},
		{"others read", 0644, 0640}, {"a group writes", 0664, 0660},
		{"read only", 0440, 0640},   {"everything", 0777, 0660},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int model = make_file(cases[index].model), file = make_file(0666);
		struct stat status;

		assert_int_equal(file_protect_like(file, model), 0);
		assert_int_equal(fstat(file, &status), 0);
		if ((status.st_mode & 07777) != cases[index].protected)
			fail_msg("%s: %o", cases[index].name, status.st_mode & 07777);
		close(model);
		close(file);
	}
}

static void test_file_syncs_the_directory_that_holds_it(void **state)
{
	static const struct {
		const char *path, *directory;
	} cases[] = {
		{"a", "."},
		{"a/", "."},
		{"a//", "."},
		{"/tmp/a", "/tmp"},
		{"/tmp/a/", "/tmp"},
		{"/tmp//a//", "/tmp"},
		{"/usr/lib/", "/usr"},
		{"/usr/lib/a", "/usr/lib"},
		{"/tmp", "/"},
		{"/tmp/", "/"},
		{"/", "/"},
		{"//", "/"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct stat expected;

		synced = (struct stat){.st_ino = 0};
		assert_int_equal(stat(cases[index].directory, &expected), 0);
		if (file_sync_directory_of(cases[index].path) == -1)
			fail_msg("%s: not synced", cases[index].path);
		if (synced.st_dev != expected.st_dev || synced.st_ino != expected.st_ino)
			fail_msg("%s: not in %s", cases[index].path, cases[index].directory);
	}
}

static void test_file_tells_the_newer_and_the_changed(void **state)
{
	static const struct {
		const char *name;
		struct stat left, right;
		bool is_newer, is_older, is_unchanged;
	} cases[] = {
		{"the same", {.st_mtim = {5, 5}}, {.st_mtim = {5, 5}}, false, false, true},
		{"seconds", {.st_mtim = {6, 4}}, {.st_mtim = {5, 5}}, true, false, false},
		{"nanoseconds", {.st_mtim = {5, 4}}, {.st_mtim = {5, 5}}, false, true, false},
		{"the size", {.st_size = 1}, {.st_size = 2}, false, false, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const struct stat *left = &cases[index].left, *right = &cases[index].right;

		if (file_is_newer(left, right) != cases[index].is_newer ||
		    file_is_newer(right, left) != cases[index].is_older ||
		    file_is_unchanged(left, right) != cases[index].is_unchanged)
			fail_msg("%s", cases[index].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_closes_what_is_open_alone),
		cmocka_unit_test(test_file_tells_how_much_is_unread),
		cmocka_unit_test(test_file_is_protected_like_another),
		cmocka_unit_test(test_file_syncs_the_directory_that_holds_it),
		cmocka_unit_test(test_file_tells_the_newer_and_the_changed),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
