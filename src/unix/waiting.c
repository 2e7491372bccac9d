#include "unix/waiting.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/span.h"
#include "unix/environment.h"
#include "unix/report.h"

/* Wait for the connection. Returns the length of its variables, or -1 when there will be none. */
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

static bool take(void)
{
	const char ready = WAITING_READY;
	char bytes[WAITING_LARGEST];
	int connection;
	ssize_t count;
	bool has_it;

	if (send(STDIN_FILENO, &ready, 1, MSG_NOSIGNAL) != 1)
		return false;
	count = receive(bytes, &connection);
	if (count == -1)
		return false;
	has_it = dup2(connection, STDIN_FILENO) != -1 && dup2(connection, STDOUT_FILENO) != -1;
	close(connection);
	set_variables(bytes, (size_t)count);
	return has_it;
}

bool waiting_take(void (*prepare)(void))
{
	const char *name = environment_get(WAITING_VARIABLE);

	if (!name)
		return true;
	if (strcmp(name, report_program()) != 0)
		return false;
	environment_unset(WAITING_VARIABLE);
	if (prepare)
		prepare();
	return take();
}
