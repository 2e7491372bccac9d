#include "host/check_password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "unix/deadline.h"
#include "unix/file.h"
#include "unix/spawn.h"

#define LONGEST_MESSAGE 512 /* bytes, checkpassword's interface */
#define WITHOUT_PIDFD	20  /* milliseconds between two looks at the child */

extern char **environ;

/* Start the program with descriptor 3 from message, and nothing to read or say otherwise. */
static pid_t start(char *const argv[], int message)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct spawn_move moves[] = {{null, 0}, {null, 1}, {message, 3}};
	struct text path;
	pid_t child = -1;
	int kept;

	text_init(&path, 4096);
	if (null != -1 && spawn_find(argv[0], &path) == 0)
		child = spawn(path.bytes, argv, environ, moves, 3);
	kept = errno;
	if (null != -1)
		close(null);
	text_free(&path);
	errno = kept;
	return child;
}

/* Wait for the child until a moment, or until there is something to read from stop. Then end it,
 * and say in *trouble why. Returns its status. */
static int wait_for(pid_t child, uint64_t until, int stop, const char **trouble)
{
	int process = (int)syscall(SYS_pidfd_open, child, 0), status = -1;

	for (;;) {
		struct pollfd polled[] = {{.fd = process, .events = POLLIN},
					  {.fd = stop, .events = POLLIN}};
		uint64_t time = deadline_now();
		int left = process == -1 ? WITHOUT_PIDFD : (int)(until > time ? until - time : 0);
		pid_t result = waitpid(child, &status, WNOHANG);

		if (result == child || (result == -1 && errno != EINTR))
			break;
		if (time >= until)
			*trouble = "it did not answer in time";
		else if (poll(polled, 2, left) > 0 && !polled[0].revents)
			*trouble = "the session shall end, and it had not answered";
		if (*trouble) {
			spawn_kill(child, &status);
			break;
		}
	}
	if (process != -1)
		close(process);
	return status;
}

static enum verdict judge(int status, bool has_read, const char **trouble)
{
	if (!*trouble && !WIFEXITED(status))
		*trouble = "it crashed";
	else if (!*trouble && WEXITSTATUS(status) == 111)
		*trouble = "it reports trouble of its own";
	if (*trouble)
		return VERDICT_LATER;
	if (WEXITSTATUS(status) != 0)
		return VERDICT_NO;
	if (!has_read)
		*trouble = "it lets everybody in: it has not read the password";
	return VERDICT_YES;
}

enum verdict check_password(char *const argv[], struct span user, struct span password,
			    uint32_t seconds, int stop, const char **trouble)
{
	enum verdict verdict = VERDICT_LATER;
	uint64_t until = deadline_now() + (uint64_t)seconds * 1000;
	int ends[2] = {-1, -1}, status, kept;
	size_t needed; /* bytes */
	struct text message;
	pid_t child;

	text_init(&message, LONGEST_MESSAGE);
	*trouble = "out of memory";
	if (!text_reserve(&message, LONGEST_MESSAGE))
		return verdict;
	text_add(&message, user);
	text_add_byte(&message, '\0');
	text_add(&message, password);
	text_add_byte(&message, '\0');
	needed = message.length;
	text_add_number(&message, (uint64_t)time(NULL));
	text_add_byte(&message, '\0');
	*trouble = NULL;
	if (message.failed) {
		verdict = VERDICT_NO; /* it does not fit, so it is nobody's */
		goto done;
	}
	if (pipe2(ends, O_CLOEXEC) == -1)
		goto done;
	child = start(argv, ends[0]);
	if (child != -1) {
		file_write(ends[1], text_span(&message)); /* a pipe holds all of it */
		close(ends[1]);
		*trouble = NULL;
		status = wait_for(child, until, stop, trouble);
		/* Scripts read two fields and leave the third one, which is no secret. */
		verdict = judge(status, file_unread(ends[0]) <= message.length - needed, trouble);
	} else {
		close(ends[1]);
	}
	close(ends[0]);
done:
	kept = errno;
	text_wipe(&message);
	text_free(&message);
	errno = kept;
	return verdict;
}
