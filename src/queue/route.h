/*
 * route: the next hop for a recipient, as control/smtproutes tells it.
 *
 * A route is found by the recipient's domain, then by each of its suffixes that begins with a dot,
 * the longest first, then by nothing, which is the route for all others. It is "HOST" or
 * "HOST:PORT" for SMTP, with "lmtp:" in front for LMTP, "starttls:" for SMTP that goes over to TLS
 * and "smtps:" for SMTP over TLS. Without TLS a HOST that begins with a slash is the path of a
 * socket.
 */
#ifndef QUEUE_ROUTE_H
#define QUEUE_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lookup.h"
#include "base/span.h"
#include "base/text.h"

#define ROUTE_HOST 255 /* bytes of the longest host or path */

enum route_security {
	ROUTE_CLEAR,
	ROUTE_STARTTLS, /* nothing of a message goes out before TLS was asked for and is there */
	ROUTE_TLS,	/* TLS from the first byte on */
};

struct route {
	bool is_lmtp;
	enum route_security security;
	bool is_path;	  /* host is the path of a socket */
	struct span host; /* a name, an address, or a path; ROUTE_HOST bytes at most */
	uint16_t port;
};

/* Find the text of the route for an address. YES: it stays as long as the lookup keeps it. NO:
 * there is none. LATER: it cannot be told, for want of memory or in the words of the lookup. */
enum verdict route_find(const struct lookup *lookup, struct span address, struct span *route);

/* Whether it may be a host, without a port: an IPv6 address if there is a colon in it. */
bool route_is_host(struct span host);

/* Read the text of a route; it must stay. False when it is none; *why is the reason then. A text
 * that is none is not to be shown: other programs have logins in such files. */
bool route_read(struct span text, struct route *route, const char **why);

/* A lookup in the lines of a file, "KEY:ROUTE"; the first with a key counts. Its world is a struct
 * span, the file's contents. */
enum verdict route_find_line(void *contents, struct span key, struct span *route);

#endif
