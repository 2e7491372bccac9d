#include "host/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/deadline.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/tls_request.h"

#define LONGEST_POLL	 (24 * 60 * 60 * 1000) /* milliseconds; poll(2) takes an int */
#define HANDSHAKE	 120		       /* seconds, where TLSTIMEOUT does not say how many */
#define HANDSHAKE_LATER	 10		       /* seconds longer than TLSTIMEOUT */
#define TLSTIMEOUT_MOST	 3600		       /* seconds, as for tlsd */
#define FAREWELL	 2000		       /* milliseconds for client_hang_up */
#define FAREWELL_DROPPED (16 * 1024 * 1024)    /* bytes dropped there at most */

void client_init(struct client *client, int input, int output)
{
	sigset_t stop;

	client->input = input;
	client->output = output;
	client->is_socket = true;
	client->is_gone = client->has_said_all = client->has_heard_all = false;
	client->say_seconds = 60;
	client->length = 0;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	client->stop = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
	if (client->stop != -1)
		sigprocmask(SIG_BLOCK, &stop, NULL);
}

/* poll(2) on one descriptor and for SIGTERM until a moment. Returns what the descriptor is ready
 * for, 0 when the time is over, POLLNVAL when it cannot be waited for, and sets *is_stopping. */
static int wait_for(const struct client *client, int descriptor, int events, uint64_t until,
		    bool *is_stopping)
{
	struct pollfd polled[] = {
		{.fd = descriptor, .events = (short)events},
		{.fd = client->stop, .events = POLLIN},
	};

	*is_stopping = false;
	for (;;) {
		uint64_t time = deadline_now(), left = until > time ? until - time : 0;
		int ready = poll(polled, 2, left < LONGEST_POLL ? (int)left : LONGEST_POLL);

		if (ready == -1 && errno != EINTR)
			return POLLNVAL;
		if (ready > 0 && polled[1].revents) {
			*is_stopping = true;
			return polled[0].revents;
		}
		if (ready > 0)
			return polled[0].revents;
		if (ready == 0 && left < LONGEST_POLL)
			return 0;
	}
}

/* Write some bytes without waiting. Returns how many, 0 when there is no room, -1 with errno. */
static ssize_t write_some(struct client *client, struct span bytes)
{
	ssize_t count;

	if (client->is_socket) {
		do
			count = send(client->output, bytes.bytes, bytes.length,
				     MSG_DONTWAIT | MSG_NOSIGNAL);
		while (count == -1 && errno == EINTR);
		if (count == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (count != -1 || errno != ENOTSOCK)
			return count;
		client->is_socket = false;
	}
	/* A pipe that is ready takes as much as this at once. */
	struct pollfd polled = {.fd = client->output, .events = POLLOUT};

	if (poll(&polled, 1, 0) != 1 || !polled.revents)
		return 0;
	do
		count = write(client->output, bytes.bytes,
			      bytes.length < CLIENT_GATHER ? bytes.length : CLIENT_GATHER);
	while (count == -1 && errno == EINTR);
	return count == -1 && errno == EAGAIN ? 0 : count;
}

static void write_all(struct client *client, struct span bytes)
{
	uint64_t until = 0;
	bool is_stopping;
	int ready;

	while (bytes.length && !client->is_gone) {
		ssize_t count = write_some(client, bytes);

		if (count == -1) {
			client->is_gone = true;
		} else if (count > 0) {
			bytes = span_tail(bytes, (size_t)count);
		} else {
			if (until == 0)
				until = deadline_now() + (uint64_t)client->say_seconds * 1000;
			ready = wait_for(client, client->output, POLLOUT, until, &is_stopping);
			if (ready == 0 || ready & POLLNVAL || is_stopping)
				client->is_gone = true;
		}
	}
}

void client_flush(struct client *client)
{
	struct span bytes = {client->gathered, client->length};

	client->length = 0;
	write_all(client, bytes);
}

void client_say(struct client *client, struct span bytes)
{
	if (client->is_gone)
		return;
	if (bytes.length > CLIENT_GATHER - client->length)
		client_flush(client);
	if (bytes.length > CLIENT_GATHER) {
		write_all(client, bytes);
		return;
	}
	if (bytes.length)
		memcpy(client->gathered + client->length, bytes.bytes, bytes.length);
	client->length += bytes.length;
}

enum client_event client_read(struct client *client, void *bytes, size_t size,
			      uint64_t milliseconds, size_t *count, uint64_t *waited)
{
	uint64_t start = deadline_now();
	bool is_stopping;
	int ready = wait_for(client, client->input, POLLIN, start + milliseconds, &is_stopping);
	ssize_t result;

	*waited = deadline_now() - start;
	if (is_stopping)
		return CLIENT_STOP;
	if (ready == 0)
		return CLIENT_SLOW;
	if (ready & POLLNVAL) /* it could not be waited for, and might never come */
		return CLIENT_END;
	result = file_read(client->input, bytes, size);
	if (result == -1 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		*count = 0; /* somebody else set the flag, and there was nothing after all */
		return CLIENT_BYTES;
	}
	if (result <= 0)
		return CLIENT_END;
	*count = (size_t)result;
	return CLIENT_BYTES;
}

void client_pause(struct client *client, uint64_t milliseconds)
{
	bool is_stopping;

	/* Not the end of its input: who has said all that it wants to say may still be listening.
	 */
	if (!client->is_gone &&
	    wait_for(client, client->output, 0, deadline_now() + milliseconds, &is_stopping) != 0)
		client->is_gone = true;
}

/* Whoever speaks TLS decides how long a handshake may take, tlsd by TLSTIMEOUT. This is longer, so
 * that it only counts where nobody decides. */
static uint32_t handshake_seconds(void)
{
	const char *value = environment_get("TLSTIMEOUT");
	uint32_t seconds;

	if (value && number_read(value, 1, TLSTIMEOUT_MOST, &seconds))
		return seconds + HANDSHAKE_LATER;
	return HANDSHAKE;
}

int client_start_tls(struct client *client, struct text *list)
{
	/* Whoever carries bytes between the network and these descriptors must take no more from
	 * it: so they are closed, the one to read from before the client hears that TLS may begin.
	 */
	close(client->input);
	client_flush(client);
	if (client->output != client->input)
		close(client->output);
	if (tls_request_make(handshake_seconds(), client->stop, list) == 0)
		return 0;
	client->is_gone = true;
	return -1;
}

static void drop_all(struct client *client)
{
	uint64_t waited, until = deadline_now() + FAREWELL, time;
	size_t count, dropped = 0;
	char bytes[16384];

	while ((time = deadline_now()) < until && dropped < FAREWELL_DROPPED &&
	       client_read(client, bytes, sizeof(bytes), until - time, &count, &waited) ==
		       CLIENT_BYTES)
		dropped += count;
}

void client_hang_up(struct client *client)
{
	client_flush(client);
	/* Whoever asked this process to stop waits as long: poll(2) does not see it any more. */
	close(client->stop);
	client->stop = -1;
	if (!client->is_gone && client->is_socket && shutdown(client->output, SHUT_WR) == 0 &&
	    !client->has_said_all)
		drop_all(client);
}
