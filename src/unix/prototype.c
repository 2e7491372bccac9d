#include "unix/prototype.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "unix/spawn.h"
#include "unix/waiting.h"

#define MOST_USES 200
#define PATIENCE  5000 /* milliseconds for its answer */

void prototype_init(struct prototype *prototype)
{
	*prototype = (struct prototype){.process = -1, .socket = -1};
}

int prototype_start(struct prototype *prototype, const char *path, char *const argv[],
		    char *const environment[])
{
	int ends[2], null, kept;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return -1;
	prototype_init(prototype);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null != -1) {
		const struct spawn_move moves[] = {{ends[1], STDIN_FILENO}, {null, STDOUT_FILENO}};

		prototype->process = spawn(path, argv, environment, moves, 2);
	}
	kept = errno;
	if (null != -1)
		close(null);
	close(ends[1]);
	if (prototype->process == -1) {
		close(ends[0]);
		errno = kept;
		return -1;
	}
	prototype->socket = ends[0];
	prototype->uses = MOST_USES;
	return 0;
}

void prototype_drop(struct prototype *prototype)
{
	if (prototype->process != -1)
		close(prototype->socket);
	prototype_init(prototype);
}

static bool give(int socket, int connection, struct span variables)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec part = {.iov_base = (void *)(uintptr_t)variables.bytes,
			     .iov_len = variables.length};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &connection, sizeof(connection));
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)variables.length;
}

/* Its answer: a process id, 0 when it is ready or has no copy, or -1 with errno. */
static pid_t hear(int socket, int milliseconds)
{
	struct pollfd polled = {.fd = socket, .events = POLLIN};
	pid_t answer;
	int ready;

	do
		ready = poll(&polled, 1, milliseconds);
	while (ready == -1 && errno == EINTR);
	if (ready == 0)
		errno = ETIMEDOUT;
	if (ready <= 0)
		return -1;
	errno = ECONNRESET;
	return recv(socket, &answer, sizeof(answer), MSG_DONTWAIT) == sizeof(answer) ? answer : -1;
}

static bool is_ready(struct prototype *prototype)
{
	if (prototype->process != -1 && !prototype->is_ready)
		prototype->is_ready = hear(prototype->socket, 0) == 0;
	return prototype->is_ready;
}

enum prototype_answer prototype_copy(struct prototype *prototype, int connection,
				     struct span variables, pid_t *copy)
{
	int kept;

	if (variables.length == 0 || variables.length > WAITING_LARGEST || !is_ready(prototype))
		return PROTOTYPE_CANNOT;
	if (!give(prototype->socket, connection, variables)) {
		prototype_drop(prototype);
		return PROTOTYPE_CANNOT;
	}
	*copy = hear(prototype->socket, PATIENCE);
	if (*copy == -1) {
		/* There may be a copy all the same: nobody else must get the connection. */
		kept = errno;
		kill(prototype->process, SIGKILL);
		prototype_drop(prototype);
		errno = kept;
		return PROTOTYPE_FAILED;
	}
	if (--prototype->uses == 0)
		prototype_drop(prototype);
	return *copy ? PROTOTYPE_COPIED : PROTOTYPE_CANNOT;
}

enum prototype_end prototype_has_ended(struct prototype *prototype, pid_t process)
{
	bool was_ready;

	if (process != prototype->process)
		return PROTOTYPE_OTHER;
	was_ready = is_ready(prototype);
	prototype_drop(prototype);
	return was_ready ? PROTOTYPE_ENDED : PROTOTYPE_NEVER;
}
