#include "host/submission.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "queue/enhanced_code.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/reason.h"
#include "unix/report.h"

#define ENVELOPE_READ  16384 /* bytes asked for at once */
#define SHORTEST_WORDS 2     /* bytes; readers want more than 2 with the first letter */
#define LONGEST_WORDS  254   /* bytes; readers take 255 with the first letter */
#define ANSWER_SECONDS 540

static int descriptor_for_words(void)
{
	const char *four = environment_get("ERROR_FD");

	if (fcntl(6, F_SETFD, FD_CLOEXEC) != -1)
		return 6;
	if (four && strcmp(four, "4") == 0 && fcntl(4, F_SETFD, FD_CLOEXEC) != -1)
		return 4;
	return -1;
}

void submission_expect(void)
{
	/* Nothing that has a name is there yet that would have to be removed. */
	die_after(SUBMISSION_PATIENCE, QUEUE_TIMEOUT,
		  "message and envelope did not come within a day");
}

void submission_init(struct submission *submission)
{
	submission->words = descriptor_for_words();
	spool_init_temporary(&submission->spool);
	envelope_init(&submission->envelope);
}

void submission_free(struct submission *submission)
{
	spool_free(&submission->spool);
	envelope_free(&submission->envelope);
}

enum queue_status submission_receive_envelope(struct envelope *envelope, struct text *why)
{
	enum envelope_step step = ENVELOPE_MORE;
	char bytes[ENVELOPE_READ];
	ssize_t count = 0;

	while (step == ENVELOPE_MORE && (count = file_read(1, bytes, sizeof(bytes))) > 0)
		step = envelope_feed(envelope, (struct span){bytes, (size_t)count});
	if (step != ENVELOPE_MORE && step != ENVELOPE_DONE)
		text_add_string(why, "the envelope is malformed or too large");
	else if (step == ENVELOPE_MORE && count == -1)
		reason_add(why, "read", "the envelope");
	return envelope_status(step);
}

enum queue_status submission_receive(struct submission *submission, struct text *why)
{
	enum queue_status status = spool_receive(&submission->spool, 0, why);
	struct span recipient;
	size_t position = 0;

	if (status == QUEUE_OK)
		status = submission_receive_envelope(&submission->envelope, why);
	if (status == QUEUE_OK &&
	    !envelope_recipient(&submission->envelope, &position, &recipient)) {
		text_add_string(why, "the envelope has no recipient");
		status = QUEUE_BAD_ENVELOPE;
	}
	return status;
}

/* Append words, and of long ones the beginning and the enhanced code at their end, for there the
 * reader looks for it. */
static void add_words(struct text *line, struct span words)
{
	struct span nothing = {NULL, 0}, code = enhanced_code_at_end(words);

	if (words.length <= LONGEST_WORDS || code.length == 0) {
		text_add_printable(line, span_head(words, LONGEST_WORDS), nothing);
	} else {
		words = span_head(words, LONGEST_WORDS - strlen(" (#)") - code.length);
		text_add_printable(line, span_trim_end(words), nothing);
		text_add_string(line, " (#");
		text_add(line, code);
		text_add_byte(line, ')');
	}
}

/* Write one line. False when nobody can hear it. */
static bool say(const struct submission *submission, const char *letter, struct span words)
{
	struct text line;
	bool is_said;

	text_init(&line, 2 + LONGEST_WORDS);
	text_add_string(&line, letter);
	add_words(&line, words);
	text_add_byte(&line, '\n');
	is_said = submission->words != -1 && !line.failed &&
		  file_write(submission->words, text_span(&line)) == 0;
	text_free(&line);
	return is_said;
}

enum queue_status submission_refuse(const struct submission *submission, enum verdict verdict,
				    struct span words)
{
	bool is_permanent = verdict == VERDICT_NO;

	words = span_trim_start(span_trim_end(words));
	if (words.length >= SHORTEST_WORDS && say(submission, is_permanent ? "D" : "Z", words))
		return QUEUE_TEXT;
	if (words.length)
		warn("%.*s", (int)words.length, words.bytes); /* there is nobody else to tell */
	return is_permanent ? QUEUE_REFUSED : QUEUE_REFUSED_NOW;
}

void submission_accept(const struct submission *submission, struct span words)
{
	say(submission, "", words);
}

bool submission_answer_seconds(uint32_t *seconds)
{
	const char *value = environment_get("QUEUETIMEOUT");

	*seconds = ANSWER_SECONDS;
	return !value || number_read(value, 1, SUBMISSION_PATIENCE, seconds);
}
