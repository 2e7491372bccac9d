/*
 * queue-qmqp: take one message by qmail-queue's interface and hand it to a QMQP server.
 *
 *     queue-qmqp
 *
 * Reads the message from descriptor 0 to its end, then the envelope from descriptor 1. The servers
 * of control/qmqpservers are tried in order until one has all of it. Exit 0: it said that it took
 * the message. Any other code, one of queue/status.h, tells what it or this program found wrong.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "host/next_hop.h"
#include "host/submission.h"
#include "queue/qmqp.h"
#include "unix/control.h"
#include "unix/deadline.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/stream.h"

#define USAGE	     ""
#define CONNECT_TIME 10000 /* milliseconds for each server to let us in */
#define FEW_BYTES    512   /* asked for at once */

struct task {
	struct submission submission;
	struct text before, behind; /* of the message, as the protocol has it */
	int64_t moment;		    /* until which the answer must be there */
};

/* Send everything. Returns 0, or -1 with errno. */
static int send_all(struct task *task, struct stream *stream)
{
	uint64_t offset = 0;
	struct span piece;
	int more;

	if (stream_write(stream, text_span(&task->before), task->moment) == -1)
		return -1;
	while ((more = spool_next(&task->submission.spool, &offset, &piece)) == 1)
		if (stream_write(stream, piece, task->moment) == -1)
			return -1;
	if (more == -1)
		return -1;
	return stream_write(stream, text_span(&task->behind), task->moment);
}

static enum queue_status take_answer(struct task *task, enum verdict verdict, struct span words)
{
	if (verdict != VERDICT_YES)
		return submission_refuse(&task->submission, verdict, words);
	submission_accept(&task->submission, words);
	return QUEUE_OK;
}

/* Read an answer; *words are a part of the text *answer. QMQP_MORE: it did not come, for the reason
 * in errno; 0 when that is the connection's end. */
static enum qmqp_step read_answer(struct stream *stream, int64_t moment, struct text *answer,
				  enum verdict *verdict, struct span *words)
{
	enum qmqp_step step = QMQP_MORE;
	char bytes[FEW_BYTES];
	ssize_t count;

	do {
		count = stream_read(stream, bytes, sizeof(bytes), moment);
		if (count == 0)
			errno = 0;
		if (count > 0) {
			text_add(answer, (struct span){bytes, (size_t)count});
			step = answer->failed ? QMQP_MALFORMED
					      : qmqp_read(text_span(answer), verdict, words);
		}
	} while (count > 0 && step == QMQP_MORE);
	return step;
}

/* Not everything could be sent, for the reason in errno. Hear whether the server has refused it
 * before; if it says that it took it, that is worth nothing. */
static enum queue_status hear_refusal(struct task *task, struct stream *stream, const char *server,
				      bool *is_refused)
{
	int64_t latest = deadline_in(NEXT_HOP_LAST_WORDS);
	enum queue_status status = next_hop_lost(errno);
	enum verdict verdict;
	struct span words;
	struct text answer;
	int kept = errno;

	text_init(&answer, QMQP_ANSWER + 2 * FEW_BYTES);
	if (read_answer(stream, latest < task->moment ? latest : task->moment, &answer, &verdict,
			&words) == QMQP_DONE &&
	    verdict != VERDICT_YES) {
		*is_refused = true;
		status = take_answer(task, verdict, words);
	} else {
		errno = kept;
		warn_errno("unable to send to %s", server);
	}
	text_free(&answer);
	return status;
}

/* A server that ends with bytes unread breaks the connection, and one that took the message has
 * none left. It may also leave the end of the connection to us. */
static bool has_read_all(struct stream *stream)
{
	int64_t moment = deadline_in(NEXT_HOP_LAST_WORDS);
	char bytes[FEW_BYTES];
	ssize_t count;

	if (!stream_has_arrived(stream))
		return false;
	do
		count = stream_read(stream, bytes, sizeof(bytes), moment);
	while (count > 0 && deadline_left(moment));
	return (count >= 0 || errno == ETIMEDOUT) && stream_has_arrived(stream);
}

/* Hear the answer of a server that has everything. */
static enum queue_status hear(struct task *task, struct stream *stream, const char *server)
{
	enum queue_status status = QUEUE_CONNECTION_FAILED;
	enum qmqp_step step;
	enum verdict verdict;
	struct span words;
	struct text answer;

	text_init(&answer, QMQP_ANSWER + 2 * FEW_BYTES);
	step = read_answer(stream, task->moment, &answer, &verdict, &words);
	if (step == QMQP_DONE && verdict == VERDICT_YES && !has_read_all(stream)) {
		warn("%s says that it took a message that it has not read", server);
	} else if (step == QMQP_DONE) {
		status = take_answer(task, verdict, words);
	} else if (step == QMQP_MALFORMED) {
		warn("the answer of %s is malformed", server);
	} else if (errno == 0) {
		warn("%s closes the connection without an answer", server);
	} else {
		status = next_hop_lost(errno);
		warn_errno("unable to read the answer of %s", server);
	}
	text_free(&answer);
	return status;
}

/* Try one server. Sets *is_final when another one must not be tried: it may have the message, or
 * has refused it. */
static enum queue_status try(struct task *task, struct span entry, bool *is_final)
{
	int64_t latest = deadline_in(CONNECT_TIME);
	char server[REPORT_LINE / 2];
	struct endpoint endpoint;
	struct stream stream;
	enum queue_status status;

	entry = span_head(entry, sizeof(server) - 1);
	memcpy(server, entry.bytes, entry.length);
	server[entry.length] = '\0';
	if (!endpoint_read(entry, QMQP_PORT, &endpoint)) {
		warn("control/qmqpservers: not an address: %s", server);
		return QUEUE_NO_CONFIGURATION;
	}
	if (stream_connect(&stream, &endpoint, latest < task->moment ? latest : task->moment) ==
	    -1) {
		status = next_hop_not_reached(errno);
		warn_errno("unable to connect to %s", server);
		return status;
	}
	if (send_all(task, &stream) == -1) {
		status = hear_refusal(task, &stream, server, is_final);
	} else {
		*is_final = true;
		status = hear(task, &stream, server);
	}
	stream_close(&stream);
	return status;
}

static enum queue_status hand_on(struct task *task)
{
	enum queue_status status = QUEUE_NO_CONFIGURATION;
	struct text servers, why;
	struct span rest, entry;
	bool is_final = false, has_server = false;

	text_init(&servers, CONTROL_LARGEST);
	text_init(&why, REPORT_LINE);
	if (control_read("qmqpservers", &servers, &why) == VERDICT_LATER)
		die(QUEUE_NO_CONFIGURATION, "%s", text_string(&why));
	rest = text_span(&servers);
	while (!is_final && control_next(&rest, &entry, NULL)) {
		has_server = true;
		status = try(task, entry, &is_final);
	}
	if (!has_server)
		warn("there is no server in control/qmqpservers");
	text_free(&servers);
	text_free(&why);
	return status;
}

int main(int argc, char **argv)
{
	enum queue_status status;
	struct task task;
	uint32_t seconds;
	struct text why;

	report_begin("queue-qmqp");
	options_next(argc, argv, "", USAGE);
	if (optind < argc)
		die_usage(USAGE, "it takes no argument");
	submission_init(&task.submission);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write error like others */
	if (!submission_answer_seconds(&seconds))
		die(QUEUE_NO_CONFIGURATION, "QUEUETIMEOUT is no number of seconds");
	text_init(&why, REPORT_LINE);
	text_init(&task.before, FEW_BYTES);
	text_init(&task.behind, 3 * ENVELOPE_LARGEST);
	submission_expect();
	status = submission_receive(&task.submission, &why);
	if (status != QUEUE_OK && why.length)
		die((int)status, "%s", text_string(&why));
	alarm(0);
	task.moment = deadline_in((int64_t)seconds * 1000);
	if (status == QUEUE_OK) {
		qmqp_write(&task.submission.envelope, task.submission.spool.size, &task.before,
			   &task.behind);
		if (task.before.failed || task.behind.failed)
			die(QUEUE_NO_MEMORY, "out of memory");
		status = hand_on(&task);
	}
	submission_free(&task.submission);
	text_free(&task.before);
	text_free(&task.behind);
	text_free(&why);
	return (int)status;
}
