/*
 * queue-forward: take one message by qmail-queue's interface and hand it to the next hops of its
 * recipients, by SMTP or LMTP.
 *
 *     queue-forward
 *
 * Reads the message from descriptor 0 to its end, then the envelope from descriptor 1. Where it
 * goes is told by control/smtproutes and control/smtproutes.cdb. Exit 0: all next hops have taken
 * it. Any other code, one of queue/status.h, tells what they or this program found wrong.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "host/forward.h"
#include "host/submission.h"
#include "unix/cdb_file.h"
#include "unix/control.h"
#include "unix/deadline.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE ""

/* The places where routes are. */
struct routes {
	struct text contents; /* of smtproutes */
	struct span file;
	struct cdb_file database;
};

static enum verdict find(void *world, struct span key, struct span *route)
{
	struct routes *routes = world;
	enum verdict verdict = route_find_line(&routes->file, key, route);

	if (verdict != VERDICT_NO || !routes->database.is_open)
		return verdict;
	verdict = cdb_file_find(&routes->database, key, route);
	return cdb_file_is_unchanged(&routes->database) ? verdict : VERDICT_LATER;
}

static void read_routes(struct routes *routes)
{
	struct text path, why;

	text_init(&routes->contents, CONTROL_LARGEST);
	text_init(&path, REPORT_LINE);
	text_init(&why, REPORT_LINE);
	routes->database = (struct cdb_file){.is_open = false};
	if (control_read("smtproutes", &routes->contents, &why) == VERDICT_LATER)
		die(QUEUE_NO_CONFIGURATION, "%s", text_string(&why));
	routes->file = text_span(&routes->contents);
	control_path("smtproutes.cdb", &path);
	if (cdb_file_open(&routes->database, text_string(&path)) == -1 && errno != ENOENT)
		die_errno(QUEUE_NO_CONFIGURATION, "unable to read %s", text_string(&path));
	text_free(&path);
	text_free(&why);
}

static void read_limits(struct smtp_client_limits *limits, struct text *helo, uint32_t seconds)
{
	uint64_t connect = 60, step = 300;
	enum verdict verdict;
	struct text why;

	text_init(&why, REPORT_LINE);
	verdict = control_line("helohost", helo, &why);
	if (verdict == VERDICT_NO || (verdict == VERDICT_YES && helo->length == 0))
		verdict = control_line("me", helo, &why);
	if (verdict == VERDICT_NO || helo->length == 0)
		text_add_string(&why, "there is neither control/helohost nor control/me");
	if (verdict != VERDICT_YES || helo->length == 0 ||
	    !control_number("timeoutconnect", NULL, SUBMISSION_PATIENCE, &connect, &why) ||
	    !control_number("timeoutremote", NULL, SUBMISSION_PATIENCE, &step, &why))
		die(QUEUE_NO_CONFIGURATION, "%s", text_string(&why));
	*limits = (struct smtp_client_limits){.helo = text_span(helo),
					      .connect_time = (int64_t)connect * 1000,
					      .step_time = (int64_t)step * 1000,
					      .moment = deadline_in((int64_t)seconds * 1000)};
	text_free(&why);
}

/* Tell the one who handed the message in. */
static enum queue_status answer(const struct submission *submission,
				const struct smtp_result *result)
{
	if (result->verdict == VERDICT_YES) {
		submission_accept(submission, text_span(&result->words));
		return QUEUE_OK;
	}
	if (result->status != QUEUE_OK)
		return result->status;
	return submission_refuse(submission, result->verdict, text_span(&result->words));
}

static enum queue_status hand_on(struct submission *submission, uint32_t seconds)
{
	struct smtp_client_limits limits;
	struct smtp_result result;
	enum queue_status status;
	struct routes routes;
	struct lookup lookup = {&routes, find};
	struct text helo;

	text_init(&helo, REPORT_LINE);
	read_limits(&limits, &helo, seconds);
	read_routes(&routes);
	smtp_result_init(&result);
	forward(submission, &lookup, &limits, &result);
	status = answer(submission, &result);
	smtp_result_free(&result);
	cdb_file_close(&routes.database);
	text_free(&routes.contents);
	text_free(&helo);
	return status;
}

int main(int argc, char **argv)
{
	struct submission submission;
	enum queue_status status;
	uint32_t seconds;
	struct text why;

	report_begin("queue-forward");
	options_next(argc, argv, "", USAGE);
	if (optind < argc)
		die_usage(USAGE, "it takes no argument");
	submission_init(&submission);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write error like others */
	if (!submission_answer_seconds(&seconds))
		die(QUEUE_NO_CONFIGURATION, "QUEUETIMEOUT is no number of seconds");
	text_init(&why, REPORT_LINE);
	alarm(SUBMISSION_PATIENCE);
	status = submission_receive(&submission, &why);
	if (status != QUEUE_OK && why.length)
		die((int)status, "%s", text_string(&why));
	alarm(0);
	if (status == QUEUE_OK)
		status = hand_on(&submission, seconds);
	submission_free(&submission);
	text_free(&why);
	return (int)status;
}
