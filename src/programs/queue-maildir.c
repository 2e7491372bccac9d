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
#include "queue/envelope.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE	      ""
#define PATIENCE      86400 /* seconds until a message must have come whole */
#define ENVELOPE_READ 16384 /* bytes asked for at once */

/* Nothing that has a name is there yet that would have to be removed. */
static void on_alarm(int number)
{
	(void)number;
	_exit(QUEUE_TIMEOUT);
}

static enum envelope_step read_envelope(struct envelope *envelope, int descriptor)
{
	enum envelope_step step = ENVELOPE_MORE;
	char bytes[ENVELOPE_READ];
	ssize_t count;

	while (step == ENVELOPE_MORE && (count = file_read(descriptor, bytes, sizeof(bytes))) > 0)
		step = envelope_feed(envelope, (struct span){bytes, (size_t)count});
	return step;
}

static const char *maildir_directory(struct text *path)
{
	const char *directory = environment_get("MAILDIR");

	if (directory && *directory)
		return directory;
	text_add_string(path, home_directory);
	text_add_string(path, "/mail");
	return text_string(path);
}

int main(int argc, char **argv)
{
	struct maildir maildir;
	struct envelope envelope;
	enum envelope_step step;
	enum queue_status status;
	struct text default_directory, lines, why;

	report_begin("queue-maildir");
	options_next(argc, argv, "", USAGE);
	if (optind < argc)
		die_usage(USAGE, "it takes no argument");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write error like others */
	signal(SIGALRM, on_alarm);
	alarm(PATIENCE);
	text_init(&default_directory, 4096);
	text_init(&lines, 3 * ENVELOPE_LARGEST);
	text_init(&why, 4096);
	envelope_init(&envelope);
	maildir_init(&maildir, maildir_directory(&default_directory));

	status = maildir_receive(&maildir, 0, &why);
	if (status != QUEUE_OK)
		die((int)status, "%s", text_string(&why));
	step = read_envelope(&envelope, 1);
	if (step == ENVELOPE_MORE) /* the other side has changed its mind */
		_exit(QUEUE_READ_ERROR);
	if (step != ENVELOPE_DONE)
		die((int)envelope_status(step), "the envelope is malformed or too large");
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
