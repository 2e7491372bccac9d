#include "unix/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unix/spawn.h"
#include "unix/waiting.h"

void pool_init(struct pool *pool, size_t wanted)
{
	assert(wanted <= POOL_MOST);
	pool->wanted = wanted;
	pool->count = 0;
	pool->is_known_to_wait = false;
}

/* Who still waits sees the end of its socket. */
static void remove_at(struct pool *pool, size_t index)
{
	struct pool_process *gone = &pool->process[index];

	close(gone->socket);
	pool->count--;
	memmove(gone, gone + 1, (pool->count - index) * sizeof(*gone));
}

void pool_drop(struct pool *pool)
{
	while (pool->count)
		remove_at(pool, pool->count - 1);
	pool->wanted = 0;
}

bool pool_is_short(const struct pool *pool)
{
	return pool->count < pool->wanted && (pool->is_known_to_wait || pool->count == 0);
}

int pool_start(struct pool *pool, const char *path, char *const argv[], char *const environment[])
{
	int ends[2], number;
	pid_t process;

	assert(pool->count < pool->wanted);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return -1;
	process = spawn(path, argv, environment, &(struct spawn_move){ends[1], STDIN_FILENO}, 1);
	number = errno;
	close(ends[1]);
	if (process == -1) {
		close(ends[0]);
		errno = number;
		return -1;
	}
	pool->process[pool->count++] = (struct pool_process){.process = process, .socket = ends[0]};
	return 0;
}

/* Whether it is ready, as far as it has said so by now. */
static bool is_ready(struct pool *pool, struct pool_process *process)
{
	char said[2];
	ssize_t count;

	if (process->is_ready || process->is_silent)
		return process->is_ready;
	count = recv(process->socket, said, sizeof(said), MSG_DONTWAIT);
	if (count == 1 && *said == WAITING_READY)
		process->is_ready = pool->is_known_to_wait = true;
	else if (count != -1 || (errno != EAGAIN && errno != EINTR))
		process->is_silent = true;
	return process->is_ready;
}

int pool_descriptor(const struct pool *pool)
{
	return pool->is_known_to_wait || pool->count == 0 || pool->process[0].is_silent
		       ? -1
		       : pool->process[0].socket;
}

void pool_hear(struct pool *pool)
{
	if (pool->count)
		is_ready(pool, &pool->process[0]);
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

pid_t pool_give(struct pool *pool, int connection, struct span variables)
{
	size_t index = 0;

	if (variables.length == 0 || variables.length > WAITING_LARGEST)
		return -1;
	while (index < pool->count) {
		struct pool_process *one = &pool->process[index];
		pid_t process = one->process;
		bool has_it;

		if (!is_ready(pool, one)) {
			index++;
			continue;
		}
		has_it = give(one->socket, connection, variables);
		remove_at(pool, index); /* in either case: one that cannot be told is gone */
		if (has_it)
			return process;
	}
	return -1;
}

enum pool_end pool_has_ended(struct pool *pool, pid_t process, int status)
{
	size_t index = 0;

	while (index < pool->count && pool->process[index].process != process)
		index++;
	if (index == pool->count)
		return POOL_OTHER;
	is_ready(pool, &pool->process[index]); /* it may have said so just before */
	remove_at(pool, index);
	if (pool->is_known_to_wait || WIFSIGNALED(status))
		return POOL_ENDED;
	pool_drop(pool);
	return POOL_CANNOT;
}
