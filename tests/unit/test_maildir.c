#include "host/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/file.h"

static char home[] = "/tmp/tidewaiter-maildir.XXXXXX";
static char directory[200];

#ifdef __GLIBC__ /* elsewhere renameat2 is no function that could be wrapped, see unix/kernel.h */
enum deed { DONE, LEFT, TAKEN }; /* TAKEN: somebody else has got the name meanwhile */

static struct outcome {
	enum deed deed;
	int number; /* errno; 0: success */
} renaming, linking;

int __real_renameat2(int one, const char *from, int other, const char *to, unsigned flags);
int __real_link(const char *from, const char *to);
int __wrap_renameat2(int one, const char *from, int other, const char *to, unsigned flags);
int __wrap_link(const char *from, const char *to);

static int tell(const struct outcome *outcome, int result, const char *to)
{
	if (outcome->deed == TAKEN)
		close(open(to, O_WRONLY | O_CREAT | O_EXCL, 0600));
	if (outcome->number == 0)
		return result;
	errno = outcome->number;
	return -1;
}

int __wrap_renameat2(int one, const char *from, int other, const char *to, unsigned flags)
{
	bool is_done = renaming.deed == DONE;

	return tell(&renaming, is_done ? __real_renameat2(one, from, other, to, flags) : -1, to);
}

int __wrap_link(const char *from, const char *to)
{
	return tell(&linking, linking.deed == DONE ? __real_link(from, to) : -1, to);
}
#endif

static int make_directory(void **state)
{
	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(directory, sizeof(directory), "%s/mail", home);
	return 0;
}

static int remove_directory(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

/* Count the files of a folder; the name of the last one seen goes to path. */
static unsigned list(const char *folder, char path[1000])
{
	struct dirent *entry;
	unsigned count = 0;
	char name[300];
	DIR *stream;

	snprintf(name, sizeof(name), "%s/%s", directory, folder);
	stream = opendir(name);
	assert_non_null(stream);
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.') {
			count++;
			snprintf(path, 1000, "%s/%s", name, entry->d_name);
		}
	closedir(stream);
	return count;
}

static void make_message(struct text *message, size_t size)
{
	assert_true(text_reserve(message, size));
	for (size_t index = 0; index < size; index++)
		text_add_byte(message, (char)('a' + index % 26 + index / 4096 % 7));
}

/* A file to read the message from: a descriptor at its start. */
static int file_of(struct span bytes)
{
	int descriptor = open(home, O_RDWR | O_TMPFILE, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(file_write(descriptor, bytes), 0);
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	return descriptor;
}

static void test_maildir_keeps_messages_of_any_size(void **state)
{
	static const struct {
		const char *name;
		size_t size;
	} cases[] = {
		{"empty", 0},
		{"a byte", 1},
		{"just held", SPOOL_HELD - 1},
		{"as much as is held", SPOOL_HELD},
		{"a byte more", SPOOL_HELD + 1},
		{"large", 3 * SPOOL_HELD + 17},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct maildir maildir;
		struct text message, found, why;
		char path[1000], suffix[50];
		int descriptor;

		text_init(&message, 10 * SPOOL_HELD);
		text_init(&found, 10 * SPOOL_HELD);
		text_init(&why, 1000);
		make_message(&message, cases[index].size);
		descriptor = file_of(text_span(&message));
		maildir_init(&maildir, directory);
		if (index % 2)
			maildir_prepare(&maildir);
		if (maildir_receive(&maildir, descriptor, &why) != QUEUE_OK ||
		    maildir_store(&maildir, SPAN("X-Line: 1\n"), &why) != QUEUE_OK)
			fail_msg("%s: %s", cases[index].name, text_string(&why));
		close(descriptor);
		maildir_free(&maildir);

		if (list("tmp", path) != 0 || list("new", path) != 1)
			fail_msg("%s: not one file", cases[index].name);
		descriptor = open(path, O_RDONLY);
		assert_int_equal(file_read_all(descriptor, &found), 0);
		close(descriptor);
		if (!span_equal(span_head(text_span(&found), 10), SPAN("X-Line: 1\n")) ||
		    !span_equal(span_tail(text_span(&found), 10), text_span(&message)))
			fail_msg("%s: another message", cases[index].name);
		snprintf(suffix, sizeof(suffix), ",S=%zu", found.length);
		assert_true(span_ends_folded(span_of(path), span_of(suffix)));
		unlink(path);
		text_free(&message);
		text_free(&found);
		text_free(&why);
	}
}

static void test_maildir_is_private(void **state)
{
	static const char *const folders[] = {"", "/tmp", "/new", "/cur"};
	struct stat status;
	char path[300];

	(void)state;
	for (size_t index = 0; index < LENGTH(folders); index++) {
		snprintf(path, sizeof(path), "%s%s", directory, folders[index]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0700);
	}
}

static void test_maildir_says_what_failed(void **state)
{
	static const struct {
		const char *name, *directory, *reason;
		size_t size;
		enum queue_status status;
	} cases[] = {
		{"no place for it", "/nowhere/mail", "/nowhere/mail", 1, QUEUE_NO_HOME},
		{"nor for the spool", "/nowhere/mail", "/nowhere/mail", 2 * SPOOL_HELD,
		 QUEUE_NO_FILES},
		{"a file in its place", "/dev/null", "/dev/null", 1, QUEUE_NO_FILES},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text message, why;
		struct maildir maildir;
		enum queue_status status;
		int descriptor;

		text_init(&message, 10 * SPOOL_HELD);
		text_init(&why, 1000);
		make_message(&message, cases[index].size);
		descriptor = file_of(text_span(&message));
		maildir_init(&maildir, cases[index].directory);
		status = maildir_receive(&maildir, descriptor, &why);
		if (status == QUEUE_OK)
			status = maildir_store(&maildir, SPAN(""), &why);
		if (status != cases[index].status)
			fail_msg("%s: %d, %s", cases[index].name, (int)status, text_string(&why));
		if (!strstr(text_string(&why), cases[index].reason))
			fail_msg("%s: %s", cases[index].name, text_string(&why));
		close(descriptor);
		maildir_free(&maildir);
		text_free(&message);
		text_free(&why);
	}
}

static void test_maildir_takes_nothing_it_cannot_read(void **state)
{
	struct maildir maildir;
	struct text why;
	int descriptor = open("/", O_RDONLY | O_DIRECTORY);

	(void)state;
	text_init(&why, 1000);
	maildir_init(&maildir, directory);
	assert_int_equal(maildir_receive(&maildir, descriptor, &why), QUEUE_READ_ERROR);
	assert_true(why.length > 0);
	close(descriptor);
	maildir_free(&maildir);
	text_free(&why);
}

#ifdef __GLIBC__
static void test_maildir_believes_no_error_about_what_was_done(void **state)
{
	static const struct {
		const char *name;
		struct outcome renaming, linking;
		enum queue_status status;
	} cases[] = {
		{"renamed, but EIO", {DONE, EIO}, {DONE, 0}, QUEUE_OK},
		{"renamed, but EEXIST", {DONE, EEXIST}, {DONE, 0}, QUEUE_OK},
		{"renamed, but ENOENT", {DONE, ENOENT}, {DONE, 0}, QUEUE_OK},
		{"linked", {LEFT, EINVAL}, {DONE, 0}, QUEUE_OK},
		{"linked where that call is forbidden", {LEFT, EPERM}, {DONE, 0}, QUEUE_OK},
		{"linked, but EEXIST", {LEFT, EINVAL}, {DONE, EEXIST}, QUEUE_OK},
		{"linked, but ESTALE", {LEFT, ENOSYS}, {DONE, ESTALE}, QUEUE_OK},
		{"renamed where there are no links", {LEFT, EINVAL}, {LEFT, EPERM}, QUEUE_OK},
		{"the same by FUSE", {LEFT, ENOSYS}, {LEFT, ENOSYS}, QUEUE_OK},
		{"not renamed", {LEFT, EIO}, {DONE, 0}, QUEUE_NO_FILES},
		{"not linked", {LEFT, EINVAL}, {LEFT, EIO}, QUEUE_NO_FILES},
		{"a name of another's", {TAKEN, EEXIST}, {DONE, 0}, QUEUE_NO_FILES},
		{"to be linked to that", {LEFT, EINVAL}, {TAKEN, EEXIST}, QUEUE_NO_FILES},
		{"nor so renamed to that", {LEFT, EINVAL}, {TAKEN, EPERM}, QUEUE_NO_FILES},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		bool is_taken =
			cases[index].renaming.deed == TAKEN || cases[index].linking.deed == TAKEN;
		int descriptor = file_of(SPAN("Subject: x\n"));
		enum queue_status status;
		struct maildir maildir;
		char path[1000];
		struct text why;

		text_init(&why, 1000);
		maildir_init(&maildir, directory);
		assert_int_equal(maildir_receive(&maildir, descriptor, &why), QUEUE_OK);
		renaming = cases[index].renaming;
		linking = cases[index].linking;
		status = maildir_store(&maildir, SPAN(""), &why);
		renaming = linking = (struct outcome){DONE, 0};
		if (status != cases[index].status)
			fail_msg("%s: %d, %s", cases[index].name, (int)status, text_string(&why));
		if (list("tmp", path) != 0 || list("new", path) != (status == QUEUE_OK || is_taken))
			fail_msg("%s: not the right files", cases[index].name);
		if (status == QUEUE_OK || is_taken)
			unlink(path);
		close(descriptor);
		maildir_free(&maildir);
		text_free(&why);
	}
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maildir_keeps_messages_of_any_size),
		cmocka_unit_test(test_maildir_is_private),
		cmocka_unit_test(test_maildir_says_what_failed),
		cmocka_unit_test(test_maildir_takes_nothing_it_cannot_read),
#ifdef __GLIBC__
		cmocka_unit_test(test_maildir_believes_no_error_about_what_was_done),
#endif
	};

	return cmocka_run_group_tests_name("maildir", tests, make_directory, remove_directory);
}
