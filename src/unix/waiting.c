#include "unix/waiting.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/span.h"
#include "unix/environment.h"
#include "unix/report.h"

/* Wait for the next connection. Returns the length of its variables, or -1 when no more will come.
 */
static ssize_t receive(char *bytes, int *connection)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {.iov_base = bytes, .iov_len = WAITING_LARGEST};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header;
	ssize_t count;

	do
		count = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
	while (count == -1 && errno == EINTR);
	header = count > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -1;
	memcpy(connection, CMSG_DATA(header), sizeof(*connection));
	return count;
}

/* As fork(2), but the child is our parent's, who waits for it. Its exit signal is ours. */
static pid_t copy(void)
{
	struct clone_args arguments = {.flags = CLONE_PARENT};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static void set_variables(char *bytes, size_t length)
{
	while (length) {
		struct span rest = {bytes, length};
		size_t end = span_find(rest, '\0'), middle = span_find(rest, '=');

		if (end == length) /* the last NUL is missing */
			return;
		if (middle < end) {
			bytes[middle] = '\0';
			environment_set(bytes, bytes + middle + 1);
		}
		bytes += end + 1;
		length -= end + 1;
	}
}

/* In a copy: become the one that serves this connection. */
static bool become_server(int connection, char *bytes, size_t length)
{
	bool is_one = dup2(connection, STDIN_FILENO) != -1 && dup2(connection, STDOUT_FILENO) != -1;

	close(connection);
	set_variables(bytes, length);
	return is_one;
}

/* Send an answer; false when nobody hears it. */
static bool tell(pid_t process)
{
	return send(STDIN_FILENO, &process, sizeof(process), MSG_NOSIGNAL) == sizeof(process);
}

static bool take(char *bytes)
{
	bool is_heard = tell(0);

	while (is_heard) {
		int connection;
		ssize_t count = receive(bytes, &connection);
		pid_t process;

		if (count == -1)
			break;
		process = copy();
		if (process == 0)
			return become_server(connection, bytes, (size_t)count);
		if (process == -1)
			warn_errno("unable to copy itself for a connection");
		close(connection);
		is_heard = tell(process == -1 ? 0 : process);
	}
	return false;
}

bool waiting_take(void)
{
	const char *name = environment_get(WAITING_VARIABLE);
	bool is_one;
	char *bytes;

	if (!name)
		return true;
	if (strcmp(name, report_program()) != 0)
		return false;
	environment_unset(WAITING_VARIABLE);
	bytes = malloc(WAITING_LARGEST);
	is_one = bytes && take(bytes);
	free(bytes);
	return is_one;
}
