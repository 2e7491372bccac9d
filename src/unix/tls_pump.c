#include "unix/tls_pump.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <tls.h>
#include <unistd.h>

#include "unix/deadline.h"
#include "unix/file.h"
#include "unix/tls_network.h"

/* Bytes on their way: those from start to end are still to be written. */
struct flow {
	size_t start, end;
	char bytes[TLS_PUMP_BUFFER];
};

struct pump {
	struct tls *connection;
	struct tls_network *network;
	int program_in, program_out; /* -1 once closed */
	bool program_has_hung_up;    /* what it said last may still be on program_in */
	struct text *why;
	bool client_finished;  /* nothing more will come from it */
	bool has_said_goodbye; /* nothing more will go to it */
	short reading_wants;   /* poll(2) event without which tls_read cannot go on */
	short writing_wants;   /* the same of tls_write and tls_close */
	int64_t deadline;      /* when the program is gone */
	bool has_deadline;
	struct flow from_client, to_client;
};

static bool is_empty(const struct flow *flow)
{
	return flow->start == flow->end;
}

static bool is_full(const struct flow *flow)
{
	return flow->end == sizeof(flow->bytes);
}

static void take(struct flow *flow, size_t count)
{
	flow->start += count;
	if (is_empty(flow))
		flow->start = flow->end = 0;
}

static void close_end(int *end)
{
	if (*end != -1)
		close(*end);
	*end = -1;
}

/* Which event a result of libtls waits for; 0 when it waits for none. */
static short wanted(ssize_t result)
{
	return (short)(result == TLS_WANT_POLLIN    ? POLLIN
		       : result == TLS_WANT_POLLOUT ? POLLOUT
						    : 0);
}

/* The connection broke. The program may still read what had arrived. */
static void lose_client(struct pump *pump)
{
	if (pump->why->length == 0)
		text_add_string(pump->why, tls_error(pump->connection));
	pump->client_finished = true;
	pump->has_said_goodbye = true;
	pump->to_client.start = pump->to_client.end = 0;
	close_end(&pump->program_in);
}

/* The next four return whether they got anywhere. */

static bool read_client(struct pump *pump)
{
	struct flow *flow = &pump->from_client;
	bool has_moved = false;

	while (!pump->client_finished && !is_full(flow)) {
		ssize_t count = tls_read(pump->connection, flow->bytes + flow->end,
					 sizeof(flow->bytes) - flow->end);

		pump->reading_wants = wanted(count);
		if (pump->reading_wants && !pump->network->has_ended)
			return has_moved;
		has_moved = true;
		if (count > 0)
			flow->end += (size_t)count;
		else if (count == 0 || pump->reading_wants)
			pump->client_finished = true;
		else
			lose_client(pump);
		if (pump->program_out == -1) { /* nobody will read it */
			flow->start = flow->end = 0;
			break;
		}
	}
	return has_moved;
}

static bool write_program(struct pump *pump)
{
	struct flow *flow = &pump->from_client;
	ssize_t count;

	if (pump->program_out == -1)
		return false;
	if (is_empty(flow)) {
		if (pump->client_finished)
			close_end(&pump->program_out);
		return pump->client_finished;
	}
	do
		count = write(pump->program_out, flow->bytes + flow->start,
			      flow->end - flow->start);
	while (count == -1 && errno == EINTR);
	if (count == -1 && errno == EAGAIN)
		return false;
	if (count == -1) {
		close_end(&pump->program_out);
		take(flow, flow->end - flow->start);
	} else {
		take(flow, (size_t)count);
	}
	return true;
}

static bool read_program(struct pump *pump)
{
	struct flow *flow = &pump->to_client;
	ssize_t count;

	if (pump->program_in == -1 || is_full(flow))
		return false;
	count = file_read(pump->program_in, flow->bytes + flow->end,
			  sizeof(flow->bytes) - flow->end);
	if (count == -1 && errno == EAGAIN)
		return false;
	if (count <= 0)
		close_end(&pump->program_in);
	else
		flow->end += (size_t)count;
	return true;
}

static bool write_client(struct pump *pump)
{
	struct flow *flow = &pump->to_client;
	ssize_t count;

	if (pump->has_said_goodbye)
		return false;
	if (!is_empty(flow))
		count = tls_write(pump->connection, flow->bytes + flow->start,
				  flow->end - flow->start);
	else if (pump->program_in == -1)
		count = tls_close(pump->connection);
	else
		return false;
	pump->writing_wants = wanted(count);
	if (pump->writing_wants == POLLIN && pump->network->has_ended)
		count = -1; /* it would wait for what can never come */
	else if (pump->writing_wants)
		return false;
	if (count < 0) {
		lose_client(pump);
	} else if (!is_empty(flow)) {
		take(flow, (size_t)count);
	} else {
		pump->has_said_goodbye = true;
		shutdown(pump->network->out, SHUT_WR);
	}
	return true;
}

static bool program_is_gone(const struct pump *pump)
{
	return (pump->program_in == -1 || pump->program_has_hung_up) && pump->program_out == -1;
}

static bool is_done(const struct pump *pump)
{
	return pump->has_said_goodbye && pump->client_finished && pump->program_out == -1;
}

/* The program keeps time while it is there. Later every step to the client buys more of it, and
 * there are no more steps than what it has left behind has bytes. */
static void set_deadline(struct pump *pump, bool has_written)
{
	if (!program_is_gone(pump) || (pump->has_deadline && !has_written))
		return;
	pump->has_deadline = true;
	pump->deadline =
		deadline_in(pump->has_said_goodbye ? TLS_PUMP_FAREWELL : TLS_PUMP_PATIENCE);
}

/* Wait until something can go on. False when time is over. */
static bool wait_for_event(struct pump *pump)
{
	short wants = 0;
	bool has_room = !is_full(&pump->to_client);
	struct pollfd polled[4];
	int count;

	if (!pump->client_finished && !is_full(&pump->from_client))
		wants |= pump->reading_wants;
	if (!pump->has_said_goodbye && (!is_empty(&pump->to_client) || pump->program_in == -1))
		wants |= pump->writing_wants;
	/* A descriptor from which nothing is wanted is left out: its errors would wake us for
	 * nothing, again and again. While there is no room for what the program says, its end is
	 * wanted, once. */
	polled[0] =
		(struct pollfd){.fd = wants & POLLIN ? pump->network->in : -1, .events = POLLIN};
	polled[1] =
		(struct pollfd){.fd = wants & POLLOUT ? pump->network->out : -1, .events = POLLOUT};
	polled[2] = (struct pollfd){.fd = has_room || !pump->program_has_hung_up ? pump->program_in
										 : -1,
				    .events = has_room ? POLLIN : 0};
	/* With nothing to write, what is waited for is the program's end. */
	polled[3] = (struct pollfd){.fd = pump->program_out,
				    .events = is_empty(&pump->from_client) ? 0 : POLLOUT};
	do
		count = poll(polled, 4, pump->has_deadline ? deadline_left(pump->deadline) : -1);
	while (count == -1 && errno == EINTR);
	if (count > 0 && polled[2].revents & (POLLERR | POLLHUP | POLLNVAL))
		pump->program_has_hung_up = true;
	if (count > 0 && polled[3].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		close_end(&pump->program_out);
		pump->from_client.start = pump->from_client.end = 0;
	}
	return count > 0;
}

void tls_pump_run(struct tls *connection, struct tls_network *network, int program_in,
		  int program_out, struct text *why)
{
	struct pump *pump = calloc(1, sizeof(*pump));

	if (!pump) {
		text_add_string(why, "out of memory");
		close(program_in);
		close(program_out);
		return;
	}
	pump->connection = connection;
	pump->network = network;
	pump->program_in = program_in;
	pump->program_out = program_out;
	pump->why = why;
	while (!is_done(pump)) {
		bool has_read = read_client(pump), has_given = write_program(pump),
		     has_taken = read_program(pump), has_written = write_client(pump);

		set_deadline(pump, has_written);
		if (!has_read && !has_given && !has_taken && !has_written && !wait_for_event(pump))
			break;
		if (pump->has_deadline && deadline_left(pump->deadline) == 0)
			break;
	}
	close_end(&pump->program_in);
	close_end(&pump->program_out);
	free(pump);
}
