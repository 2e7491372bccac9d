#include "unix/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unix/deadline.h"
#include "unix/detach.h"
#include "unix/file.h"

#define PACKET		 32768		    /* bytes read at once */
#define FAREWELL_DROPPED (16 * 1024 * 1024) /* bytes dropped there at most */

/* One way. Bytes from start to end are still to be written. */
struct flow {
	struct pump_way way;
	struct crlf crlf;
	bool reads_socket, writes_socket;
	bool may_block;	   /* a write of more than PIPE_BUF bytes could */
	bool hangs_up;	   /* its end is told to the socket it leads to */
	bool has_hung_up;  /* whoever wrote its input is gone; some of that may still be there */
	bool is_at_end;	   /* nothing more will be read */
	bool is_over;	   /* nothing more will be written */
	int trouble;	   /* errno of what ended it, 0 for an end of the usual kind */
	size_t start, end; /* bytes */
	char *bytes;	   /* what is written: packet itself, or converted */
	char packet[PACKET], converted[CRLF_ROOM(PACKET)];
};

static bool is_socket(int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode);
}

static void begin(struct flow *flow, const struct pump_way *way, bool hangs_up)
{
	int flags = fcntl(way->to, F_GETFL);

	flow->way = *way;
	flow->crlf = (struct crlf){.change = way->change ? *way->change : CRLF_ADD};
	flow->reads_socket = is_socket(way->from);
	flow->writes_socket = is_socket(way->to);
	flow->may_block = !flow->writes_socket && !(flags != -1 && flags & O_NONBLOCK);
	flow->hangs_up = hangs_up;
	flow->has_hung_up = flow->is_at_end = flow->is_over = false;
	flow->trouble = 0;
	flow->start = flow->end = 0;
	flow->bytes = way->change ? flow->converted : flow->packet;
}

/* The way is at its end. Sockets stay open: the other way may use the same one. */
static void finish(struct flow *flow, int trouble)
{
	flow->is_at_end = flow->is_over = true;
	flow->trouble = trouble;
	if (!flow->reads_socket)
		close(flow->way.from);
	if (!flow->writes_socket)
		close(flow->way.to);
	else if (flow->hangs_up)
		shutdown(flow->way.to, SHUT_WR);
}

static bool is_patience_wanted(int number)
{
	return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

/* Write what is there. A way that is at its end, with nothing left, is over. */
static void give(struct flow *flow)
{
	while (flow->start < flow->end) {
		const char *bytes = flow->bytes + flow->start;
		size_t length = flow->end - flow->start;
		ssize_t count;

		if (flow->may_block && length > PIPE_BUF)
			length = PIPE_BUF;
		count = flow->writes_socket
				? send(flow->way.to, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL)
				: write(flow->way.to, bytes, length);
		if (count == -1 && is_patience_wanted(errno))
			return;
		if (count == -1) {
			finish(flow, errno);
			return;
		}
		flow->start += (size_t)count;
		if (flow->may_block && flow->start < flow->end)
			return; /* poll(2) tells when so much more can be written */
	}
	flow->start = flow->end = 0;
	if (flow->is_at_end && !flow->is_over)
		finish(flow, flow->trouble);
}

/* Read a packet, which poll(2) says is there. */
static void take(struct flow *flow)
{
	ssize_t count = flow->reads_socket
				? recv(flow->way.from, flow->packet, PACKET, MSG_DONTWAIT)
				: read(flow->way.from, flow->packet, PACKET);

	if (count == -1 && is_patience_wanted(errno))
		return;
	if (count == -1)
		flow->trouble = errno;
	flow->is_at_end = count <= 0;
	flow->end = count > 0 ? (size_t)count : 0;
	if (flow->way.record)
		flow->way.record(flow->way.world, (struct span){flow->packet, flow->end});
	if (flow->way.change)
		flow->end = flow->is_at_end ? crlf_finish(&flow->crlf, flow->converted)
					    : crlf_convert(&flow->crlf,
							   (struct span){flow->packet, flow->end},
							   flow->converted);
	/* What cannot block need not ask first. */
	if (!flow->may_block || flow->end == 0)
		give(flow);
}

/* What poll(2) shall wait for: a packet when the last one is gone, room for it before. A reader
 * that goes away is noticed, too, while there is nothing for it, and a writer while there is no
 * room for what it has left. */
static void ask(const struct flow *flow, struct pollfd polled[2])
{
	bool is_empty = flow->start == flow->end;
	bool is_wanted = !flow->is_at_end && (is_empty || !flow->has_hung_up);

	polled[0] = (struct pollfd){.fd = is_wanted ? flow->way.from : -1,
				    .events = is_empty ? POLLIN : 0};
	polled[1] = (struct pollfd){.fd = flow->is_over ? -1 : flow->way.to,
				    .events = is_empty ? 0 : POLLOUT};
}

/* A program that has closed its end gets nothing more taken from the network: that may be TLS by
 * now, which somebody else reads. */
static bool is_others(const struct flow *flow)
{
	char first;

	return flow->reads_socket && !flow->writes_socket &&
	       recv(flow->way.from, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Go on with what poll(2) says. Returns whether it got anywhere. */
static bool go_on(struct flow *flow, const struct pollfd polled[2])
{
	size_t start = flow->start;

	if (flow->is_over)
		return false;
	if (flow->start < flow->end) {
		if (polled[0].revents)
			flow->has_hung_up = true;
		if (polled[1].revents)
			give(flow);
		return flow->is_over || flow->start != start;
	}
	/* A socket whose other end is gone may still hold what was said before. */
	if (polled[1].revents && (!polled[0].revents || is_others(flow)))
		finish(flow, EPIPE);
	else if (polled[0].revents)
		take(flow);
	return polled[0].revents || polled[1].revents;
}

/* The last words are on their way to a client who still talks. Closing now would let them be thrown
 * away at his end, so what he says is dropped until he is silent. */
static void say_farewell(const struct flow *forth, const struct flow *back)
{
	int64_t moment = deadline_in(PUMP_FAREWELL);
	size_t dropped = 0;
	ssize_t count;
	static char bytes[PACKET];

	if (!forth->reads_socket || !back->writes_socket || back->trouble)
		return;
	count = recv(forth->way.from, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_PEEK);
	if (count == 0 || (count == -1 && forth->start == forth->end))
		return;
	shutdown(back->way.to, SHUT_WR);
	while (dropped < FAREWELL_DROPPED && deadline_wait(forth->way.from, POLLIN, moment) == 0) {
		count = recv(forth->way.from, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (count == 0 || (count == -1 && !is_patience_wanted(errno)))
			return;
		dropped += count > 0 ? (size_t)count : 0;
	}
}

/* The program has ended, or it has closed both ways and lives on without them, as one does whose
 * connection is under TLS: then the client is no more for this process to talk to. */
static bool has_ended(int program)
{
	struct pollfd polled = {.fd = program, .events = POLLIN};

	return program == -1 || poll(&polled, 1, PUMP_ENDING) != 0;
}

static bool is_gone(const struct flow *forth, const struct flow *back)
{
	return forth->is_over && (back->is_at_end || back->has_hung_up);
}

/* Wait until something can be done, and do it. Returns as poll(2) does. */
static int step(struct flow *there, struct flow *here, int timeout, bool *has_moved_here)
{
	struct pollfd polled[4];
	int count;

	ask(there, polled);
	ask(here, polled + 2);
	count = poll(polled, 4, timeout);
	if (count > 0) {
		go_on(there, polled);
		*has_moved_here = go_on(here, polled + 2);
	}
	return count;
}

void pump_serve(const struct pump_way *forth, const struct pump_way *back, int program)
{
	static struct flow there, here; /* a stack may be as small as these are large */
	bool has_moment = false, has_moved;
	int64_t moment = 0;
	int count;

	begin(&there, forth, false);
	begin(&here, back, false);
	while (!there.is_over || !here.is_over) {
		if (is_gone(&there, &here) && !has_moment) {
			has_moment = true;
			moment = deadline_in(PUMP_PATIENCE);
		}
		has_moved = false;
		count = step(&there, &here, has_moment ? deadline_left(moment) : -1, &has_moved);
		if (count == 0 || (count == -1 && errno != EINTR))
			return;
		has_moment = has_moment && !has_moved;
	}
	if (has_ended(program))
		say_farewell(&there, &here);
}

int pump_converse(const struct pump_way *forth, const struct pump_way *back, const char **what)
{
	static struct flow there, here;
	bool has_moved;

	begin(&there, forth, true);
	begin(&here, back, false);
	*what = "wait";
	while (!here.is_over)
		if (step(&there, &here, -1, &has_moved) == -1 && errno != EINTR)
			return -1;
	*what = here.start < here.end || here.trouble == EPIPE ? "write" : "read";
	errno = here.trouble;
	return here.trouble ? -1 : 0;
}

static void close_pair(const int ends[2])
{
	int kept = errno;

	close(ends[0]);
	close(ends[1]);
	errno = kept;
}

static void do_not_block(int descriptor)
{
	int flags = fcntl(descriptor, F_GETFL);

	if (flags != -1)
		fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

/* What ends the program, or comes from a terminal, must not cut off its last words; and a log that
 * cannot be written is no reason to end. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

	for (size_t index = 0; index < sizeof(ignored) / sizeof(*ignored); index++)
		signal(ignored[index], SIG_IGN);
}

int pump_insert(int *to_program, int *from_program, int *program)
{
	int input[2], output[2], outcome;

	if (pipe2(input, O_CLOEXEC) == -1)
		return -1;
	if (pipe2(output, O_CLOEXEC) == -1) {
		close_pair(input);
		return -1;
	}
	*program = (int)syscall(SYS_pidfd_open, getpid(), 0);
	outcome = detach();
	if (outcome == 1) {
		*to_program = input[1];
		*from_program = output[0];
		file_keep_only((const int[]){*to_program, *from_program, *program}, 3);
		do_not_block(*to_program); /* this end alone is meant, and it is ours alone */
		ignore_signals();
		return 1;
	}
	if (*program != -1)
		close(*program);
	if (outcome == 0 && (dup2(input[0], 0) == -1 || dup2(output[1], 1) == -1))
		outcome = -1;
	close_pair(input);
	close_pair(output);
	return outcome;
}
