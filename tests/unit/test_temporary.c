#include "unix/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"

static char directory[] = "/tmp/tidewaiter-temporary.XXXXXX";
static int flock_errno, ftruncate_errno, unnamed_errno, unlink_errno; /* 0: the call is made */
static bool is_another_user;

#ifdef __USE_FILE_OFFSET64 /* of glibc, which then calls them so */
#define __real_open	 __real_open64
#define __wrap_open	 __wrap_open64
#define __real_ftruncate __real_ftruncate64
#define __wrap_ftruncate __wrap_ftruncate64
#endif

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_flock(int descriptor, int operation);
int __real_ftruncate(int descriptor, off_t length);
int __wrap_flock(int descriptor, int operation);
int __wrap_ftruncate(int descriptor, off_t length);
uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

uid_t __wrap_geteuid(void)
{
	return __real_geteuid() + is_another_user;
}

int __wrap_unlink(const char *path)
{
	errno = unlink_errno;
	return unlink_errno ? -1 : __real_unlink(path);
}

int __wrap_open(const char *path, int flags, ...)
{
	bool is_unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	mode_t mode = 0;
	va_list rest;

	va_start(rest, flags);
	if (is_unnamed || flags & O_CREAT)
		mode = va_arg(rest, mode_t);
	va_end(rest);
	errno = unnamed_errno;
	return is_unnamed && unnamed_errno ? -1 : __real_open(path, flags, mode);
}

int __wrap_flock(int descriptor, int operation)
{
	errno = flock_errno;
	return flock_errno ? -1 : __real_flock(descriptor, operation);
}

int __wrap_ftruncate(int descriptor, off_t length)
{
	errno = ftruncate_errno;
	return ftruncate_errno ? -1 : __real_ftruncate(descriptor, length);
}

static int enter_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

static void make_file(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(write(descriptor, "old", 3), 3);
	close(descriptor);
}

static off_t size_of(const char *path) /* -1: it is not there */
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_size : -1;
}

static void test_temporary_is_empty_and_locked(void **state)
{
	int first, other;

	(void)state;
	for (int is_there = 0; is_there < 2; is_there++) {
		if (is_there)
			make_file("tmp");
		first = temporary_open("new", "tmp");
		assert_int_not_equal(first, -1);
		assert_int_equal(size_of("tmp"), 0);
		assert_int_equal(write(first, "new", 3), 3);
		other = temporary_open("new", "tmp");
		assert_int_equal(other, -1);
		assert_int_equal(errno, EWOULDBLOCK);
		assert_int_equal(size_of("tmp"), 3);
		close(first);
		unlink("tmp");
	}
}

static void test_temporary_needs_no_locks(void **state)
{
	const int none[] = {ENOLCK, EOPNOTSUPP, ENOSYS};

	(void)state;
	for (size_t index = 0; index < LENGTH(none); index++) {
		int descriptor;

		flock_errno = none[index];
		make_file("tmp");
		descriptor = temporary_open("new", "tmp");
		flock_errno = 0;
		assert_int_not_equal(descriptor, -1);
		assert_int_equal(size_of("tmp"), 0);
		close(descriptor);
		unlink("tmp");
	}
}

static void test_temporary_removes_what_was_made_in_vain(void **state)
{
	static const struct {
		const char *name;
		int flock_errno, ftruncate_errno;
		bool is_there; /* before */
		off_t size;    /* after; -1: it is removed */
	} cases[] = {
		{"no lock", EIO, 0, false, -1},
		{"no lock on what was there, and may be another's", EIO, 0, true, 3},
		{"locked by another", EWOULDBLOCK, 0, true, 3},
		{"created, but another was faster", EWOULDBLOCK, 0, false, 0},
		{"not cut", 0, EIO, false, -1},
		{"not cut, and there before", 0, EIO, true, -1},
		{"neither locked nor cut", ENOLCK, EIO, false, -1},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int descriptor, error;

		if (cases[index].is_there)
			make_file("tmp");
		flock_errno = cases[index].flock_errno;
		ftruncate_errno = cases[index].ftruncate_errno;
		descriptor = temporary_open("new", "tmp");
		error = errno;
		if (descriptor != -1)
			fail_msg("%s: it is opened", cases[index].name);
		assert_int_equal(error, ftruncate_errno ? ftruncate_errno : flock_errno);
		if (size_of("tmp") != cases[index].size)
			fail_msg("%s: %d bytes", cases[index].name, (int)size_of("tmp"));
		flock_errno = ftruncate_errno = 0;
		unlink("tmp");
	}
}

static void check_refused(const char *path, int error)
{
	assert_int_equal(temporary_open(path, "tmp"), -1);
	assert_int_equal(errno, error);
}

static void test_temporary_is_no_other_file(void **state)
{
	(void)state;
	make_file("tmp");
	check_refused("tmp", EEXIST);
	assert_int_equal(link("tmp", "other"), 0);
	check_refused("new", EEXIST);
	assert_int_equal(size_of("tmp"), 3);
	unlink("tmp");
	assert_int_equal(symlink("other", "tmp"), 0);
	check_refused("new", ELOOP);
	assert_int_equal(size_of("other"), 3);
	unlink("other");
	check_refused("new", ELOOP);
	assert_int_equal(size_of("other"), -1);
	unlink("tmp");
	assert_int_equal(mkfifo("tmp", 0600), 0);
	check_refused("new", EEXIST);
	assert_int_equal(unlink("tmp"), 0);
	assert_int_equal(mkdir("tmp", 0700), 0);
	check_refused("new", EISDIR);
	assert_int_equal(rmdir("tmp"), 0);
	assert_int_equal(temporary_open("new", "missing/tmp"), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_temporary_is_nobody_elses(void **state)
{
	int old, new, descriptor;

	(void)state;
	make_file("tmp");
	old = open("tmp", O_RDWR);
	assert_int_not_equal(old, -1);
	is_another_user = true;
	new = temporary_open("new", "tmp");
	assert_int_not_equal(new, -1);
	assert_int_equal(write(old, "longer", 6), 6);
	assert_int_equal(size_of("tmp"), 0);
	close(new);
	unlink("tmp");

	/* Whoever writes it now would put ours into place. */
	make_file("tmp");
	descriptor = open("tmp", O_RDWR);
	assert_int_equal(flock(descriptor, LOCK_EX), 0);
	check_refused("new", EWOULDBLOCK);
	assert_int_equal(size_of("tmp"), 3);
	close(descriptor);

	unlink_errno = EPERM;
	check_refused("new", EPERM);
	assert_int_equal(size_of("tmp"), 3);
	unlink_errno = 0;
	is_another_user = false;
	unlink("tmp");
	close(old);
}

static void test_temporary_directory_is_that_of_the_environment(void **state)
{
	(void)state;
	unsetenv("TMPDIR");
	assert_string_equal(temporary_directory(), "/tmp");
	setenv("TMPDIR", "", 1);
	assert_string_equal(temporary_directory(), "/tmp");
	setenv("TMPDIR", "/var/tmp", 1);
	assert_string_equal(temporary_directory(), "/var/tmp");
	unsetenv("TMPDIR");
}

static void test_temporary_without_a_name_leaves_nothing(void **state)
{
	const int none[] = {0, EOPNOTSUPP, EISDIR};

	(void)state;
	assert_int_equal(mkdir("place", 0700), 0);
	for (size_t index = 0; index < LENGTH(none); index++) {
		struct stat status;
		char byte = 0;
		int descriptor;

		unnamed_errno = none[index];
		descriptor = temporary_unnamed("place");
		assert_int_not_equal(descriptor, -1);
		assert_int_equal(fstat(descriptor, &status), 0);
		assert_int_equal(status.st_nlink, 0);
		assert_int_equal(status.st_mode & 0777, 0600);
		assert_int_equal(write(descriptor, "x", 1), 1);
		assert_int_equal(pread(descriptor, &byte, 1, 0), 1);
		assert_int_equal(byte, 'x');
		close(descriptor);
	}
	assert_int_equal(rmdir("place"), 0);
	assert_int_equal(temporary_unnamed("place"), -1);
	assert_int_equal(errno, ENOENT);
	unnamed_errno = EACCES;
	assert_int_equal(temporary_unnamed("."), -1);
	assert_int_equal(errno, EACCES);
	unnamed_errno = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_temporary_is_empty_and_locked),
		cmocka_unit_test(test_temporary_needs_no_locks),
		cmocka_unit_test(test_temporary_removes_what_was_made_in_vain),
		cmocka_unit_test(test_temporary_is_no_other_file),
		cmocka_unit_test(test_temporary_is_nobody_elses),
		cmocka_unit_test(test_temporary_directory_is_that_of_the_environment),
		cmocka_unit_test(test_temporary_without_a_name_leaves_nothing),
	};

	return cmocka_run_group_tests_name("temporary", tests, enter_directory, leave_directory);
}
