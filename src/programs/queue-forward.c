/*
 * queue-forward: take one message by qmail-queue's interface and hand it to the next hops of its
 * recipients, by SMTP or LMTP, with TLS and a login where that is wanted.
 *
 *     queue-forward
 *
 * Reads the message from descriptor 0 to its end, then the envelope from descriptor 1. Where it
 * goes is told by control/smtproutes or control/smtproutes.cdb. Exit 0: all next hops have taken
 * it. Any other code, one of queue/status.h, tells what they or this program found wrong.
 */
#include <signal.h>
#include <unistd.h>

#include "host/forward.h"
#include "host/forward_settings.h"
#include "host/routes.h"
#include "host/submission.h"
#include "unix/control.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE ""
#define GRACE 1 /* seconds in which what has a moment ends by itself */

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

/* What has no domain was taken as this host's own. A next hop would take it for one of its own: a
 * stranger's mail would go to users of a provider, and in our name. So it gets our domain, as
 * qmail-send would give it, and goes where that is routed to. */
static void complete(struct envelope *envelope)
{
	struct text domain, why;
	enum verdict verdict;
	enum envelope_step step;

	if (!envelope_lacks_domain(envelope))
		return;
	text_init(&domain, REPORT_LINE);
	text_init(&why, REPORT_LINE);
	verdict = control_line("envnoathost", &domain, &why);
	if (verdict == VERDICT_NO || (verdict == VERDICT_YES && domain.length == 0))
		verdict = control_line("me", &domain, &why);
	if (verdict != VERDICT_LATER && domain.length == 0)
		text_add_string(&why, "there is neither control/envnoathost nor control/me");
	if (why.length)
		die(QUEUE_NO_CONFIGURATION, "%s", text_string(&why));
	step = envelope_complete(envelope, text_span(&domain));
	if (step != ENVELOPE_DONE)
		die((int)envelope_status(step), "an address without a domain cannot get %s: %s",
		    text_string(&domain),
		    step == ENVELOPE_TOO_LONG ? "it would be too long" : "out of memory");
	text_free(&domain);
	text_free(&why);
}

static enum queue_status hand_on(struct submission *submission, uint32_t seconds)
{
	struct forward_settings settings;
	struct smtp_result result;
	enum queue_status status;
	struct routes routes;
	struct lookup lookup;
	struct text why;

	/* Something hangs then that can be given no moment: most likely it looks for the address of
	 * a name. Nobody has been told that the message was taken. */
	die_after(seconds + GRACE, QUEUE_TIMED_OUT,
		  "it took longer than it may, perhaps for a name server");
	text_init(&why, REPORT_LINE);
	if (!forward_settings_read(&settings, seconds, &why) || !routes_open(&routes, &why))
		die(QUEUE_NO_CONFIGURATION, "%s", text_string(&why));
	complete(&submission->envelope);
	lookup = routes_lookup(&routes);
	smtp_result_init(&result);
	forward(submission, &lookup, &settings.client, &result);
	alarm(0); /* now there is an answer */
	status = answer(submission, &result);
	smtp_result_free(&result);
	routes_close(&routes);
	forward_settings_free(&settings);
	text_free(&why);
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
	submission_expect();
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
