/*
 * queue-maildir: take one message by qmail-queue's interface and keep it in a Maildir.
 *
 *     queue-maildir
 *
 * Reads the message from descriptor 0 to its end, then the envelope from descriptor 1. Exit 0: the
 * message is a file of MAILDIR/new and survives a power cut. Any other code, one of
 * queue/status.h, says why there is none. Nothing is written to standard output.
 */
#include <signal.h>
#include <unistd.h>

#include "host/maildir.h"
#include "host/submission.h"
#include "queue/envelope.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE ""

int main(int argc, char **argv)
{
	struct maildir maildir;
	struct envelope envelope;
	enum queue_status status;
	struct text default_directory, lines, why;

	report_begin("queue-maildir");
	options_next(argc, argv, "", USAGE);
	if (optind < argc)
		die_usage(USAGE, "it takes no argument");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write error like others */
	submission_expect();
	text_init(&default_directory, MAILDIR_LONGEST_PATH);
	text_init(&lines, 3 * ENVELOPE_LARGEST);
	text_init(&why, 4096);
	envelope_init(&envelope);
	maildir_spare_owner();
	maildir_init(&maildir, maildir_find(&default_directory));

	status = maildir_receive(&maildir, 0, &why);
	if (status != QUEUE_OK)
		die((int)status, "%s", text_string(&why));
	status = submission_receive_envelope(&envelope, &why);
	if (status != QUEUE_OK && why.length == 0) /* the other side has changed its mind */
		_exit((int)status);
	if (status != QUEUE_OK)
		die((int)status, "%s", text_string(&why));
	alarm(0);
	envelope_write_lines(&envelope, &lines);
	if (lines.failed)
		die(QUEUE_NO_MEMORY, "out of memory");
	status = maildir_store(&maildir, text_span(&lines), &why);
	if (status != QUEUE_OK)
		die((int)status, "%s", text_string(&why));
	maildir_free(&maildir);
	envelope_free(&envelope);
	text_free(&lines);
	text_free(&default_directory);
	return 0;
}
