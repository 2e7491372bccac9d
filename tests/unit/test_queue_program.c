#include "host/queue_program.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/spared.h"
#include "unix/spawn.h"

static char directory[] = "/tmp/tidewaiter-queue.XXXXXX";
static const struct queue_program_limits short_limits = {1000, 1000, 500};

static int make_directory(void **state)
{
	(void)state;
	spawn_prepare();
	signal(SIGPIPE, SIG_IGN);
	return mkdtemp(directory) && setenv("OUT", directory, 1) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

/* A program that is this shell script. */
static const char *script(const char *commands)
{
	static char path[200];
	static unsigned number; /* a shell opens its script late: never the same name twice */
	FILE *file;

	snprintf(path, sizeof(path), "%s/program.%u", directory, number++);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", commands);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static void check_file(const char *name, struct span expected)
{
	char path[200], bytes[1000];
	size_t count;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("there is no %s", name);
	count = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	unlink(path);
	if (!span_equal((struct span){bytes, count}, expected))
		fail_msg("%s is wrong: %.*s", name, (int)count, bytes);
}

static uint64_t seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec;
}

static void test_queue_program_is_handed_message_and_envelope(void **state)
{
	struct queue_program program;
	struct queue_result result;

	(void)state;
	queue_program_init(&program, &queue_program_limits);
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(
			queue_program_open(
				&program,
				script("cat >$OUT/message\ncat <&1 >$OUT/envelope\n"
				       "echo $ERROR_FD >$OUT/error\nls /proc/$$/fd >$OUT/all\n"
				       "grep -v '^1.$' $OUT/all | xargs >$OUT/open\n"
				       "rm $OUT/all\necho out\nexit 0")),
			0);
		queue_program_write(&program, SPAN("Subject: x\n\n"));
		queue_program_write(&program, SPAN("body\n"));
		result = queue_program_close(&program, SPAN("Fa@b\0Tc@d\0\0"));
		assert_true(result.has_exited);
		assert_int_equal(result.code, 0);
		assert_true(result.was_fed);
		assert_int_equal(result.text.length, 0);
		check_file("message", SPAN("Subject: x\n\nbody\n"));
		check_file("envelope", SPAN("Fa@b\0Tc@d\0\0"));
		check_file("error", SPAN("4\n"));
		check_file("open", SPAN("0 1 2 4 6\n")); /* 10 and on are the shell's */
	}
	queue_program_free(&program);
}

static void test_queue_program_takes_large_messages(void **state)
{
	static char block[100000];
	struct queue_program program;
	struct queue_result result;

	(void)state;
	memset(block, 'x', sizeof(block));
	queue_program_init(&program, &queue_program_limits);
	assert_int_equal(
		queue_program_open(&program, script("wc -c >$OUT/size\nwc -c <&1 >$OUT/envelope")),
		0);
	for (unsigned index = 0; index < 100; index++)
		queue_program_write(&program, (struct span){block, sizeof(block)});
	result = queue_program_close(&program, (struct span){block, sizeof(block)});
	assert_int_equal(result.code, 0);
	assert_true(result.was_fed);
	check_file("size", SPAN("10000000\n"));
	check_file("envelope", SPAN("100000\n"));
	queue_program_free(&program);
}

static void test_queue_program_results(void **state)
{
	static const struct {
		const char *name, *script;
		bool has_exited;
		int code;
		bool was_fed;
		const char *text;
	} cases[] = {
		{"a code", "cat >/dev/null; cat <&1 >/dev/null; exit 53", true, 53, true, ""},
		{"words on 6", "cat >/dev/null; cat <&1 >/dev/null; echo Dno >&6; exit 82", true,
		 82, true, "Dno\n"},
		{"words on 4", "cat >/dev/null; cat <&1 >/dev/null; echo Zno >&$ERROR_FD; exit 88",
		 true, 88, true, "Zno\n"},
		{"words on both",
		 "cat >/dev/null; cat <&1 >/dev/null; echo Zfour >&4; echo Dsix >&6; exit 82", true,
		 82, true, "Dsix\n"},
		{"words before it reads",
		 "echo Dno >&6; cat >/dev/null; cat <&1 >/dev/null; exit 82", true, 82, true,
		 "Dno\n"},
		{"words and nothing read", "echo Dno >&6; exit 82", true, 82, false, "Dno\n"},
		{"nothing read", "exit 0", true, 0, false, ""},
		{"only the message read", "cat >/dev/null; exit 0", true, 0, true, ""},
		{"only the envelope read", "cat <&1 >/dev/null; exit 0", true, 0, false, ""},
		{"a part of the message read", "head -c 1 >/dev/null; cat <&1 >/dev/null", true, 0,
		 false, ""},
		{"a signal", "cat >/dev/null; kill -KILL $$", false, 0, false, ""},
		{"a child that keeps everything open",
		 "cat >/dev/null; cat <&1 >/dev/null; sleep 60 & echo $! >$OUT/child; "
		 "echo Dno >&6; exit 82",
		 true, 82, true, "Dno\n"},
		{"a child that keeps it open, nothing read",
		 "sleep 60 & echo $! >$OUT/child; exit 0", true, 0, false, ""},
		{"a child that never stops talking",
		 "cat >/dev/null; cat <&1 >/dev/null; "
		 "(while :; do echo D; done) >&6 & echo $! >$OUT/child; exit 31",
		 true, 31, true, NULL},
		{"it never exits", "cat >/dev/null; cat <&1 >/dev/null; exec sleep 60", true, 52,
		 true, ""},
		{"nor on SIGTERM",
		 "trap '' TERM; cat >/dev/null; cat <&1 >/dev/null; while :; do sleep 1; done",
		 true, 52, true, ""},
		{"late, it makes up its mind",
		 "trap 'exit 0' TERM; cat >/dev/null; cat <&1 >/dev/null; "
		 "while :; do sleep 0.1; done",
		 true, 0, true, ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct queue_program program;
		struct queue_result result;
		uint64_t start = seconds();
		char command[200];

		queue_program_init(&program, &short_limits);
		assert_int_equal(queue_program_open(&program, script(cases[index].script)), 0);
		queue_program_write(&program, SPAN("body\n"));
		result = queue_program_close(&program, SPAN("Fa@b\0Tc@d\0\0"));
		if (seconds() - start > 20)
			fail_msg("%s: it took %u seconds", cases[index].name,
				 (unsigned)(seconds() - start));
		if (result.has_exited != cases[index].has_exited ||
		    (result.has_exited && result.code != cases[index].code))
			fail_msg("%s: %s with %d", cases[index].name,
				 result.has_exited ? "exited" : "crashed", result.code);
		if (result.code == 0 && result.has_exited && result.was_fed != cases[index].was_fed)
			fail_msg("%s: it was%s fed", cases[index].name,
				 result.was_fed ? "" : " not");
		if (cases[index].text)
			CHECK_SPAN(cases[index].name, result.text, cases[index].text);
		assert_true(result.text.length <= QUEUE_PROGRAM_TEXT);
		queue_program_free(&program);
		snprintf(command, sizeof(command),
			 "cd %s && [ ! -e child ] || { kill $(cat child); rm child; }", directory);
		assert_int_equal(system(command), 0);
	}
}

static void test_queue_program_that_stops_reading_is_ended(void **state)
{
	static char block[1000000];
	struct queue_program program;
	struct queue_result result;
	uint64_t start = seconds();

	(void)state;
	queue_program_init(&program, &short_limits);
	assert_int_equal(queue_program_open(&program, script("exec sleep 60")), 0);
	queue_program_write(&program, (struct span){block, sizeof(block)});
	assert_false(program.was_fed);
	queue_program_write(&program, (struct span){block, sizeof(block)}); /* at once */
	result = queue_program_close(&program, SPAN("F\0Ta\0\0"));
	assert_true(seconds() - start < 20);
	assert_true(result.has_exited);
	assert_int_equal(result.code, QUEUE_TIMEOUT);
	assert_false(result.was_fed);
	queue_program_free(&program);
}

static void test_queue_program_that_has_gone_is_not_waited_for(void **state)
{
	static char block[1000000];
	struct queue_program program;
	struct queue_result result;
	uint64_t start = seconds();
	char command[200];

	(void)state;
	/* Its child keeps descriptor 0 open and never reads: the pipe is full for ever. */
	queue_program_init(&program, &queue_program_limits);
	assert_int_equal(queue_program_open(&program, script("exec 3<&0; sleep 60 <&3 & echo $! "
							     ">$OUT/child; exit 31")),
			 0);
	queue_program_write(&program, (struct span){block, sizeof(block)});
	result = queue_program_close(&program, SPAN("F\0Ta\0\0"));
	assert_true(seconds() - start < 20);
	assert_int_equal(result.code, 31);
	queue_program_free(&program);
	snprintf(command, sizeof(command), "kill $(cat %s/child)", directory);
	assert_int_equal(system(command), 0);
}

static void test_queue_program_words_are_bounded(void **state)
{
	struct queue_program program;
	struct queue_result result;

	(void)state;
	queue_program_init(&program, &queue_program_limits);
	assert_int_equal(
		queue_program_open(&program, script("head -c 1000000 /dev/zero | tr '\\0' D >&6\n"
						    "cat >/dev/null; cat <&1 >/dev/null; exit 82")),
		0);
	result = queue_program_close(&program, SPAN("F\0Ta\0\0"));
	assert_int_equal(result.code, 82);
	assert_int_equal(result.text.length, QUEUE_PROGRAM_TEXT);
	queue_program_free(&program);
}

static void test_queue_program_that_cannot_be_run(void **state)
{
	static const struct {
		const char *name;
		int error;
	} cases[] = {{"/nowhere/program", ENOENT}, {"/", EACCES}, {"no-such-program", ENOENT}};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct queue_program program;

		queue_program_init(&program, &queue_program_limits);
		assert_int_equal(queue_program_open(&program, cases[index].name), -1);
		assert_int_equal(errno, cases[index].error);
		queue_program_write(&program, SPAN("into nothing"));
		queue_program_abandon(&program);
		queue_program_free(&program);
	}
}

static void test_queue_program_abandoned_gets_no_envelope(void **state)
{
	struct queue_program program;
	struct queue_result result;

	(void)state;
	queue_program_init(&program, &queue_program_limits);
	assert_int_equal(queue_program_open(&program, script("cat >/dev/null\ncat <&1 "
							     ">$OUT/part && mv $OUT/part "
							     "$OUT/envelope")),
			 0);
	queue_program_write(&program, SPAN("body\n"));
	queue_program_abandon(&program);
	/* The next one starts when the first has gone, or has been made to go. */
	assert_int_equal(queue_program_open(&program, script("cat >/dev/null; cat <&1 >/dev/null")),
			 0);
	check_file("envelope", SPAN(""));
	result = queue_program_close(&program, SPAN("F\0Ta\0\0"));
	assert_int_equal(result.code, 0);
	assert_true(result.was_fed);
	queue_program_free(&program);
}

static void test_queue_program_abandoned_cannot_stay(void **state)
{
	struct queue_program program;
	uint64_t start = seconds();

	(void)state;
	queue_program_init(&program, &short_limits);
	assert_int_equal(queue_program_open(&program, script("trap '' TERM; exec sleep 60")), 0);
	queue_program_abandon(&program);
	assert_int_equal(queue_program_open(&program, script("exit 0")), 0);
	assert_true(seconds() - start < 20);
	queue_program_free(&program);
}

static void test_queue_program_that_cannot_be_ended_is_left_behind(void **state)
{
	struct queue_program program;
	struct queue_result result;
	uint64_t start = seconds();

	(void)state;
	queue_program_init(&program, &short_limits);
	is_spared = true;
	assert_int_equal(queue_program_open(&program, script("exec sleep 60")), 0);
	queue_program_abandon(&program);
	assert_int_equal(queue_program_open(&program, script("exit 0")), 0);
	end_spared();
	assert_int_equal(queue_program_close(&program, SPAN("F\0Ta\0\0")).code, 0);

	is_spared = true;
	assert_int_equal(queue_program_open(&program, script("exec sleep 60")), 0);
	result = queue_program_close(&program, SPAN("F\0Ta\0\0"));
	end_spared();
	assert_true(result.has_exited);
	assert_int_equal(result.code, QUEUE_TIMEOUT);
	queue_program_free(&program);
	assert_true(seconds() - start < 20);
}

static void test_queue_program_does_not_mind_which_descriptors_are_free(void **state)
{
	(void)state;
	/* With other descriptors open, the pipes come to lie on other numbers. */
	for (unsigned opened = 0; opened < 8; opened++) {
		struct queue_program program;
		struct queue_result result;
		int descriptors[8];

		for (unsigned index = 0; index < opened; index++)
			descriptors[index] = dup(2);
		queue_program_init(&program, &queue_program_limits);
		assert_int_equal(
			queue_program_open(&program, script("cat >$OUT/message; cat <&1 "
							    ">$OUT/envelope; echo Dsix >&6; echo "
							    "Dfour >&4; exit 82")),
			0);
		queue_program_write(&program, SPAN("body\n"));
		result = queue_program_close(&program, SPAN("F\0Ta\0\0"));
		assert_int_equal(result.code, 82);
		CHECK_SPAN("words", result.text, "Dsix\n");
		check_file("message", SPAN("body\n"));
		check_file("envelope", SPAN("F\0Ta\0\0"));
		queue_program_free(&program);
		for (unsigned index = 0; index < opened; index++)
			close(descriptors[index]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_program_is_handed_message_and_envelope),
		cmocka_unit_test(test_queue_program_takes_large_messages),
		cmocka_unit_test(test_queue_program_results),
		cmocka_unit_test(test_queue_program_that_stops_reading_is_ended),
		cmocka_unit_test(test_queue_program_that_has_gone_is_not_waited_for),
		cmocka_unit_test(test_queue_program_words_are_bounded),
		cmocka_unit_test(test_queue_program_that_cannot_be_run),
		cmocka_unit_test(test_queue_program_abandoned_gets_no_envelope),
		cmocka_unit_test(test_queue_program_abandoned_cannot_stay),
		cmocka_unit_test(test_queue_program_that_cannot_be_ended_is_left_behind),
		cmocka_unit_test(test_queue_program_does_not_mind_which_descriptors_are_free),
	};

	return cmocka_run_group_tests_name("queue_program", tests, make_directory,
					   remove_directory);
}
