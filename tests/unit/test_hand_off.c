#include "host/hand_off.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "support/control_directory.h"
#include "unix/file.h"
#include "unix/report.h"

static char maildir[200];

static int make(void **state)
{
	report_begin("test");
	report_less();
	signal(SIGXFSZ, SIG_IGN);
	return control_directory_make(state);
}

static int start_fresh(void **state)
{
	(void)state;
	control_directory_clear();
	control_directory_path("mail", maildir);
	setenv("MAILDIR", maildir, 1);
	return 0;
}

static DIR *open_folder(const char *folder)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", maildir, folder);
	return opendir(path);
}

static size_t count_files(const char *folder)
{
	DIR *directory = open_folder(folder);
	struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	if (directory)
		closedir(directory);
	return count;
}

/* Reads the last message of a folder and removes all; returns how many there are. */
static size_t read_messages(const char *folder, struct text *message)
{
	DIR *directory = open_folder(folder);
	struct dirent *entry;
	size_t count = 0;
	char path[600];

	while (directory && (entry = readdir(directory))) {
		int descriptor;

		if (entry->d_name[0] == '.')
			continue;
		count++;
		snprintf(path, sizeof(path), "%s/%s/%s", maildir, folder, entry->d_name);
		descriptor = open(path, O_RDONLY | O_CLOEXEC);
		text_clear(message);
		assert_int_equal(file_read_all(descriptor, message), 0);
		close(descriptor);
		unlink(path);
	}
	if (directory)
		closedir(directory);
	return count;
}

static struct queue_result hand_over(struct hand_off *hand_off, const char *body,
				     struct span envelope)
{
	assert_int_equal(hand_off_open(hand_off), 0);
	hand_off_write(hand_off, span_of(body));
	return hand_off_close(hand_off, envelope);
}

static void test_hand_off_stores_messages_one_after_the_other(void **state)
{
	static const char *const bodies[] = {"Subject: first\n\nlong body\n", "", "x\n"};
	struct hand_off hand_off;
	struct text found, expected;

	(void)state;
	text_init(&found, 10000);
	text_init(&expected, 10000);
	hand_off_init(&hand_off, "");
	for (size_t index = 0; index < LENGTH(bodies); index++) {
		struct queue_result result =
			hand_over(&hand_off, bodies[index], SPAN("Fa@b.example\0Tc@d.example\0\0"));

		if (!result.has_exited || result.code != 0 || !result.was_fed)
			fail_msg("%zu: code %d", index, result.code);
		assert_int_equal(read_messages("new", &found), 1);
		text_clear(&expected);
		text_add_string(&expected,
				"Return-Path: <a@b.example>\nX-Envelope-To: <c@d.example>\n");
		text_add_string(&expected, bodies[index]);
		assert_string_equal(text_string(&found), text_string(&expected));
	}
	assert_int_equal(hand_off_process(&hand_off), getpid());
	hand_off_free(&hand_off);
	text_free(&found);
	text_free(&expected);
}

static void test_hand_off_stores_nothing_that_is_not_whole(void **state)
{
	struct queue_result result;
	struct hand_off hand_off;
	struct rlimit limit, none;
	struct text found;

	(void)state;
	text_init(&found, 10000);
	hand_off_init(&hand_off, NULL);

	assert_int_equal(hand_off_open(&hand_off), 0);
	hand_off_write(&hand_off, SPAN("abandoned\n"));
	hand_off_abandon(&hand_off);
	assert_int_equal(hand_over(&hand_off, "no end\n", SPAN("Fa@b.example\0Tc")).code,
			 QUEUE_READ_ERROR);
	assert_int_equal(hand_over(&hand_off, "no envelope\n", SPAN("x")).code, QUEUE_BAD_ENVELOPE);

	assert_int_equal(hand_off_open(&hand_off), 0);
	hand_off_write(&hand_off, SPAN("spoilt\n"));
	hand_off_spoil(&hand_off);
	result = hand_off_close(&hand_off, SPAN("F\0Tc@d.example\0\0"));
	assert_false(result.was_fed);

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(hand_over(&hand_off, "too large\n", SPAN("F\0Tc@d.example\0\0")).code,
			 QUEUE_WRITE_ERROR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);

	assert_int_equal(read_messages("new", &found), 0);
	assert_int_equal(read_messages("tmp", &found), 0);
	assert_int_equal(hand_over(&hand_off, "whole\n", SPAN("F\0Tc@d.example\0\0")).code, 0);
	assert_int_equal(read_messages("new", &found), 1);
	hand_off_free(&hand_off);
	text_free(&found);
}

static void test_hand_off_prepares_for_an_open_message(void **state)
{
	const struct span envelope = SPAN("F\0Tc@d.example\0\0");
	struct hand_off hand_off;

	(void)state;
	hand_off_init(&hand_off, NULL);
	assert_int_equal(hand_off_open(&hand_off), 0);
	hand_off_prepare(&hand_off);
	assert_int_equal(access(maildir, F_OK), -1);
	assert_int_equal(hand_off_close(&hand_off, envelope).code, 0);
	hand_off_prepare(&hand_off);
	assert_int_equal(count_files("tmp"), 0);

	assert_int_equal(hand_off_open(&hand_off), 0);
	hand_off_prepare(&hand_off);
	hand_off_write(&hand_off, SPAN("abandoned\n"));
	hand_off_prepare(&hand_off);
	assert_int_equal(count_files("tmp"), 1);
	hand_off_abandon(&hand_off);
	hand_off_prepare(&hand_off);
	assert_int_equal(count_files("tmp"), 0);

	assert_int_equal(hand_off_open(&hand_off), 0);
	hand_off_prepare(&hand_off);
	hand_off_write(&hand_off, SPAN("whole\n"));
	assert_int_equal(hand_off_close(&hand_off, envelope).code, 0);
	hand_off_prepare(&hand_off);
	assert_int_equal(count_files("new"), 2);
	assert_int_equal(count_files("tmp"), 0);

	assert_int_equal(hand_off_open(&hand_off), 0);
	hand_off_prepare(&hand_off);
	hand_off_free(&hand_off);
	assert_int_equal(count_files("tmp"), 0);
}

static void test_hand_off_runs_the_program_that_is_named(void **state)
{
	struct queue_result result;
	struct hand_off hand_off;
	struct text found;
	char path[200];

	(void)state;
	text_init(&found, 10000);
	control_directory_put("queue",
			      SPAN("#!/bin/sh\ncat >/dev/null; cat <&1 >/dev/null; exit 31\n"));
	assert_int_equal(chmod(control_directory_path("queue", path), 0700), 0);
	hand_off_init(&hand_off, path);
	result = hand_over(&hand_off, "x\n", SPAN("F\0Tc@d.example\0\0"));
	assert_int_equal(result.code, 31);
	assert_int_equal(read_messages("new", &found), 0);
	hand_off_free(&hand_off);

	hand_off_init(&hand_off, "/nonexistent/queue");
	assert_int_equal(hand_off_open(&hand_off), -1);
	hand_off_free(&hand_off);
	text_free(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_hand_off_stores_messages_one_after_the_other,
				       start_fresh),
		cmocka_unit_test_setup(test_hand_off_stores_nothing_that_is_not_whole, start_fresh),
		cmocka_unit_test_setup(test_hand_off_prepares_for_an_open_message, start_fresh),
		cmocka_unit_test_setup(test_hand_off_runs_the_program_that_is_named, start_fresh),
	};

	return cmocka_run_group_tests(tests, make, control_directory_remove);
}
