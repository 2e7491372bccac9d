/*
 * queue-sendmail: take one message by qmail-queue's interface and hand it to sendmail(1).
 *
 *     queue-sendmail
 *
 * Reads the message from descriptor 0 to its end, then the envelope from descriptor 1, and only
 * then runs SENDMAIL (default /usr/sbin/sendmail) -i -f SENDER -- RECIPIENT... with the message as
 * its input. Exit 0: it exited with 0 and has read all of that. Any other code, one of
 * queue/status.h, tells what it or this program found wrong.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/submission.h"
#include "queue/sendmail.h"
#include "unix/deadline.h"
#include "unix/environment.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/spawn.h"

#define USAGE	       ""
#define DEFAULT	       "/usr/sbin/sendmail"
#define FROM_TERM_KILL 5000 /* milliseconds */

extern char **environ;

/* Wait until a moment for the child's end. 0: it has not ended, or this program was asked to. */
static pid_t wait_until(pid_t child, int64_t moment, int *status)
{
	sigset_t awaited;
	pid_t result;

	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGTERM);
	while ((result = waitpid(child, status, WNOHANG)) == 0) {
		int left = deadline_left(moment);
		struct timespec time = {left / 1000, left % 1000 * 1000000L};

		if (sigtimedwait(&awaited, NULL, &time) == SIGTERM || left == 0)
			return 0;
	}
	return result;
}

/* The child's end, whatever it takes. Sets *was_late when it had to be ended. Returns its process
 * id, or -1 with errno. */
static pid_t wait_for(pid_t child, int64_t moment, int *status, bool *was_late)
{
	pid_t result = wait_until(child, moment, status);

	*was_late = result == 0;
	if (!*was_late)
		return result;
	kill(child, SIGTERM);
	result = wait_until(child, deadline_in(FROM_TERM_KILL), status);
	if (result == 0) {
		*status = SIGKILL; /* as good as that, where it must be left behind */
		spawn_kill(child, status);
		result = child;
	}
	return result;
}

/* Start it with the message on descriptor 0; what it says goes to descriptor 2. -1 with errno. */
static pid_t start(int message, struct sendmail *sendmail)
{
	struct spawn_move moves[] = {{message, 0}, {2, 1}, {2, 2}};
	struct text path;
	pid_t child = -1;
	int kept;

	text_init(&path, REPORT_LINE);
	if (spawn_find(sendmail->arguments[0], &path) == 0)
		child = spawn(text_string(&path), sendmail->arguments, environ, moves, 3);
	kept = errno;
	text_free(&path);
	errno = kept;
	return child;
}

/* Who reads on descriptor 0 moves the place at which ours stands, too. */
static bool was_read(int message, const struct submission *submission)
{
	return lseek(message, 0, SEEK_CUR) >= (off_t)submission->spool.size;
}

static enum queue_status run(struct submission *submission, struct sendmail *sendmail, int message,
			     int64_t moment)
{
	const char *program = sendmail->arguments[0];
	pid_t child = start(message, sendmail);
	bool was_late;
	int status;

	if (child == -1 && errno == E2BIG) {
		/* for now: another environment or ulimit -s would have let them through */
		warn("too many recipients for one run of %s, see control/maxrecipients", program);
		return submission_refuse(submission, VERDICT_LATER,
					 SPAN("too many recipients (#4.5.3)"));
	}
	if (child == -1)
		die_errno(QUEUE_NOT_RUN, "unable to run %s", program);
	if (wait_for(child, moment, &status, &was_late) == -1)
		die_errno(QUEUE_BUG, "unable to wait for %s", program);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && was_read(message, submission))
		return QUEUE_OK;
	if (was_late)
		die(QUEUE_TIMEOUT, "%s did not end in time", program);
	if (!WIFEXITED(status))
		die(QUEUE_REFUSED_NOW, "%s was ended by signal %d", program, WTERMSIG(status));
	if (WEXITSTATUS(status) == 0)
		die(QUEUE_REFUSED_NOW, "%s exited with code 0, but has not read all of the message",
		    program);
	warn("%s exited with code %d", program, WEXITSTATUS(status));
	return sendmail_status(WEXITSTATUS(status));
}

static enum queue_status hand_on(struct submission *submission, int64_t moment)
{
	const char *program = environment_get("SENDMAIL");
	enum queue_status status = QUEUE_NO_MEMORY;
	struct sendmail sendmail;
	struct text wrong;
	int message;

	text_init(&wrong, ENVELOPE_ADDRESS);
	switch (sendmail_init(&sendmail, program && *program ? program : DEFAULT,
			      &submission->envelope, &wrong)) {
	case SENDMAIL_READY:
		message = spool_open(&submission->spool);
		if (message == -1)
			die_errno(QUEUE_WRITE_ERROR, "unable to copy the message for %s",
				  sendmail.arguments[0]);
		status = run(submission, &sendmail, message, moment);
		close(message);
		break;
	case SENDMAIL_NO_ADDRESS:
		warn("an address has no form for sendmail: %s", text_string(&wrong));
		status = submission_refuse(submission, VERDICT_NO,
					   SPAN("an address cannot be handed on (#5.1.3)"));
		break;
	case SENDMAIL_NO_MEMORY: warn("out of memory"); break;
	}
	sendmail_free(&sendmail);
	text_free(&wrong);
	return status;
}

int main(int argc, char **argv)
{
	struct submission submission;
	enum queue_status status;
	sigset_t held;
	uint32_t seconds;
	struct text why;

	report_begin("queue-sendmail");
	options_next(argc, argv, "", USAGE);
	if (optind < argc)
		die_usage(USAGE, "it takes no argument");
	spawn_prepare();
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
	sigemptyset(&held);
	sigaddset(&held, SIGCHLD);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, NULL);
	if (status == QUEUE_OK)
		status = hand_on(&submission, deadline_in((int64_t)seconds * 1000));
	submission_free(&submission);
	text_free(&why);
	return (int)status;
}
