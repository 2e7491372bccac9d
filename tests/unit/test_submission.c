#include "host/submission.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/file.h"

#define MESSAGE "Subject: x\n\nbody without an end of line"

/* A file that holds this, at its beginning. */
static int file_of(struct span contents)
{
	int descriptor = open("/tmp", O_RDWR | O_TMPFILE, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(file_write(descriptor, contents), 0);
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	return descriptor;
}

/* What one process does with its descriptors 0, 1, 4 and 6, which others need. */
struct run {
	struct span envelope;
	const char *error_fd; /* the variable, or NULL */
	bool has_four, has_six;
	int (*act)(struct submission *submission, struct text *why);
	int code;	       /* with which it ended */
	struct text four, six; /* what it has written there */
};

static int act_apart(struct run *run, int four, int six)
{
	int message = file_of(SPAN(MESSAGE)), envelope = file_of(run->envelope);
	struct submission submission;
	struct text why;
	int code;

	dup2(message, 0);
	dup2(envelope, 1);
	close(4), close(6);
	if (run->has_four)
		dup2(four, 4);
	if (run->has_six)
		dup2(six, 6);
	unsetenv("ERROR_FD");
	if (run->error_fd)
		setenv("ERROR_FD", run->error_fd, 1);
	submission_init(&submission);
	text_init(&why, 1000);
	code = run->act(&submission, &why);
	text_free(&why);
	submission_free(&submission);
	return code;
}

/* A high one, so that it is none of those that count. */
static int high_file(void)
{
	int low = file_of(SPAN("")), high = fcntl(low, F_DUPFD, 50);

	close(low);
	return high;
}

static void begin(struct run *run)
{
	int four = high_file(), six = high_file();
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(act_apart(run, four, six));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	run->code = WEXITSTATUS(status);
	text_init(&run->four, 10000);
	text_init(&run->six, 10000);
	lseek(four, 0, SEEK_SET);
	lseek(six, 0, SEEK_SET);
	assert_int_equal(file_read_all(four, &run->four), 0);
	assert_int_equal(file_read_all(six, &run->six), 0);
	close(four);
	close(six);
}

static void end(struct run *run)
{
	text_free(&run->four);
	text_free(&run->six);
}

/* The code, and 100 more when a reason is given. */
static int receive(struct submission *submission, struct text *why)
{
	enum queue_status status = submission_receive(submission, why);
	struct span piece;
	uint64_t offset = 0;

	if (status == QUEUE_OK && (spool_next(&submission->spool, &offset, &piece) != 1 ||
				   !span_equal(piece, SPAN(MESSAGE))))
		return 99;
	return (int)status + (why->length ? 100 : 0);
}

static void test_submission_is_whole_or_nothing(void **state)
{
	static const struct {
		const char *name;
		struct span envelope;
		int code;
	} cases[] = {
		{"whole", BYTES("Fa@b\0Tc@d\0\0"), QUEUE_OK},
		{"the null sender", BYTES("F\0Tc@d\0\0"), QUEUE_OK},
		{"more behind its end", BYTES("Fa@b\0Tc@d\0\0Te@f\0"), QUEUE_OK},
		{"nothing: the other side has changed its mind", BYTES(""), QUEUE_READ_ERROR},
		{"it ends in the sender", BYTES("Fa@b"), QUEUE_READ_ERROR},
		{"it ends behind the sender", BYTES("Fa@b\0"), QUEUE_READ_ERROR},
		{"it ends in a recipient", BYTES("Fa@b\0Tc@d"), QUEUE_READ_ERROR},
		{"it ends behind a recipient", BYTES("Fa@b\0Tc@d\0"), QUEUE_READ_ERROR},
		{"no recipient", BYTES("Fa@b\0\0"), QUEUE_BAD_ENVELOPE + 100},
		{"malformed", BYTES("Xa@b\0Tc@d\0\0"), QUEUE_BAD_ENVELOPE + 100},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct run run = {.envelope = cases[index].envelope, .act = receive};

		begin(&run);
		if (run.code != cases[index].code)
			fail_msg("%s: %d and not %d", cases[index].name, run.code,
				 cases[index].code);
		end(&run);
	}
}

static int refuse_for_good(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_NO, SPAN("no (#5.7.1)"));
}

static int refuse_for_now(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_LATER, SPAN("wait"));
}

static int refuse_in_strange_words(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_NO, SPAN("a\nZb\0c\033\xff"));
}

static struct span words_at_length; /* for refuse_at_length, in its process */

static int refuse_at_length(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_NO, words_at_length);
}

static int refuse_in_two_letters(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_NO, SPAN("no"));
}

static int refuse_in_one_letter(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_NO, SPAN(" n\t"));
}

static int refuse_without_words(struct submission *submission, struct text *why)
{
	(void)why;
	return (int)submission_refuse(submission, VERDICT_LATER, SPAN(""));
}

static int accept_it(struct submission *submission, struct text *why)
{
	(void)why;
	submission_accept(submission, SPAN("kept as 4711"));
	return 0;
}

static void test_submission_is_answered_where_somebody_listens(void **state)
{
	static const struct {
		const char *name, *error_fd;
		bool has_four, has_six;
		int (*act)(struct submission *submission, struct text *why);
		int code;
		const char *four, *six;
	} cases[] = {
		{"6", NULL, false, true, refuse_for_good, QUEUE_TEXT, "", "Dno (#5.7.1)\n"},
		{"6 for now", NULL, false, true, refuse_for_now, QUEUE_TEXT, "", "Zwait\n"},
		{"4 that is somebody's", NULL, true, false, refuse_for_good, QUEUE_REFUSED, "", ""},
		{"4", "4", true, false, refuse_for_good, QUEUE_TEXT, "Dno (#5.7.1)\n", ""},
		{"6 before 4", "4", true, true, refuse_for_good, QUEUE_TEXT, "", "Dno (#5.7.1)\n"},
		{"another", "5", true, false, refuse_for_good, QUEUE_REFUSED, "", ""},
		{"4 that is closed", "4", false, false, refuse_for_good, QUEUE_REFUSED, "", ""},
		{"none", NULL, false, false, refuse_for_good, QUEUE_REFUSED, "", ""},
		{"none for now", NULL, false, false, refuse_for_now, QUEUE_REFUSED_NOW, "", ""},
		{"one line", NULL, false, true, refuse_in_strange_words, QUEUE_TEXT, "",
		 "Da?Zb?c??\n"},
		{"two letters", NULL, false, true, refuse_in_two_letters, QUEUE_TEXT, "", "Dno\n"},
		{"one, which no reader takes", NULL, false, true, refuse_in_one_letter,
		 QUEUE_REFUSED, "", ""},
		{"no words", NULL, false, true, refuse_without_words, QUEUE_REFUSED_NOW, "", ""},
		{"accepted", NULL, false, true, accept_it, 0, "", "kept as 4711\n"},
		{"accepted, and nobody hears", NULL, false, false, accept_it, 0, "", ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct run run = {.envelope = SPAN(""),
				  .error_fd = cases[index].error_fd,
				  .has_four = cases[index].has_four,
				  .has_six = cases[index].has_six,
				  .act = cases[index].act};

		begin(&run);
		if (run.code != cases[index].code)
			fail_msg("%s: %d and not %d", cases[index].name, run.code,
				 cases[index].code);
		CHECK_SPAN(cases[index].name, text_span(&run.four), cases[index].four);
		CHECK_SPAN(cases[index].name, text_span(&run.six), cases[index].six);
		end(&run);
	}
}

static void test_submission_words_fit_their_reader(void **state)
{
	static const struct {
		const char *name;
		size_t length;	 /* of the words, with their end */
		const char *end; /* of the words */
		const char *said;
	} cases[] = {
		{"no code", 5000, "", "xx"},
		{"a code", 5000, " (#5.7.1)", "xx (#5.7.1)"},
		{"one that is just cut", 255, " (#5.7.1)", "xx (#5.7.1)"},
		{"one that just fits", 254, " (#5.7.1)", "xx (#5.7.1)"},
		{"the longest", 5000, "(#5.123.123)", "xx (#5.123.123)"},
		{"none, since it is too long", 5000, "(#5.123.1234)", "xx"},
		{"none, since it has no end", 5000, " (#5.7.1", "xx"},
		{"none, since it has no sign", 5000, " (5.7.1)", "xx"},
	};
	static char words[5000];

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct run run = {.envelope = SPAN(""), .has_six = true, .act = refuse_at_length};
		size_t end_length = strlen(cases[index].end);
		struct span said;

		memset(words, 'x', sizeof(words));
		memcpy(words + cases[index].length - end_length, cases[index].end, end_length);
		words_at_length = (struct span){words, cases[index].length};
		begin(&run);
		assert_int_equal(run.code, QUEUE_TEXT);
		assert_int_equal(run.six.length, 1 + 254 + 1);
		assert_int_equal(run.six.bytes[0], 'D');
		assert_int_equal(run.six.bytes[255], '\n');
		said = span_head(text_span(&run.six), 255);
		CHECK_SPAN(cases[index].name, span_tail(said, 255 - strlen(cases[index].said)),
			   cases[index].said);
		end(&run);
	}
}

static void test_submission_answer_has_a_time(void **state)
{
	static const struct {
		const char *value;
		bool is_one;
		uint32_t seconds;
	} cases[] = {
		{NULL, true, 540},	{"1", true, 1},
		{"86400", true, 86400}, {"86401", false, 0},
		{"0", false, 0},	{"", false, 0},
		{"1 ", false, 0},	{"-1", false, 0},
		{"soon", false, 0},	{"99999999999999999999", false, 0},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		uint32_t seconds;
		bool is_one;

		unsetenv("QUEUETIMEOUT");
		if (cases[index].value)
			setenv("QUEUETIMEOUT", cases[index].value, 1);
		is_one = submission_answer_seconds(&seconds);
		if (is_one != cases[index].is_one || (is_one && seconds != cases[index].seconds))
			fail_msg("\"%s\": %u", cases[index].value ? cases[index].value : "unset",
				 seconds);
	}
	unsetenv("QUEUETIMEOUT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_submission_is_whole_or_nothing),
		cmocka_unit_test(test_submission_is_answered_where_somebody_listens),
		cmocka_unit_test(test_submission_words_fit_their_reader),
		cmocka_unit_test(test_submission_answer_has_a_time),
	};

	return cmocka_run_group_tests_name("submission", tests, NULL, NULL);
}
