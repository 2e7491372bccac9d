/*
 * listener: the sockets on which a server waits for connections.
 *
 * They do not block, are not inherited by children, and are IPv4 or IPv6 stream sockets.
 */
#ifndef UNIX_LISTENER_H
#define UNIX_LISTENER_H

#include "base/text.h"
#include "unix/connection.h"

#define LISTENERS_MOST 16

struct listeners {
	size_t count;
	struct listener {
		int descriptor;
		struct address address;
		uint16_t port;
	} listener[LISTENERS_MOST];
};

/* Listen on a port. The host is an address or a name, which means all its addresses; "0" and "::"
 * are all addresses of both families, or of IPv4 where there is no IPv6, as is an empty host;
 * "0.0.0.0" is all of IPv4. The port is a number or a service's name; of port 0 the kernel chooses
 * a free one, the same for all addresses. Returns 0, or -1 with the reason appended to *why. */
int listeners_open(struct listeners *listeners, const char *host, const char *port, int backlog,
		   struct text *why);

/* Take over the sockets that a service manager passed (LISTEN_FDS of them from descriptor 3 on, if
 * LISTEN_PID is this process), else the one on descriptor 0, which becomes /dev/null. Call it
 * before anything is opened. Returns 0, or -1 with the reason appended to *why. */
int listeners_inherit(struct listeners *listeners, struct text *why);

/* What those variables are called, NULL-ended: no child should see them. */
extern const char *const listeners_variables[];

/* Set an option of TCP on all of them; the kernel gives it to each connection. */
int listeners_set_nodelay(const struct listeners *listeners);

/* Take the next connection and fill in who is at its other end. Returns its descriptor, which
 * blocks and is not inherited; or -1 with errno: EAGAIN when there is none, anything else is
 * trouble that may last, ECONNABORTED included: a firewall or a broken interface gives that again
 * and again. */
int listener_accept(const struct listener *listener, struct connection *connection);

/* Fill in this end of a connection. The kernel is asked, although the listening socket may have one
 * address only: it may have got a connection to another, by TPROXY or a BPF program. Returns 0, or
 * -1 with errno. */
int listener_complete(int descriptor, struct connection *connection);

#endif
