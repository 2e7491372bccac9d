/*
 * proxy_header: the header by which a proxy says whose connection it passes on.
 *
 * Versions 1 (a line of text) and 2 (binary) of the PROXY protocol, as HAProxy's
 * proxy-protocol.txt describes them. Pure: the caller reads the bytes, exactly as many as it is
 * told to, so that the first byte behind the header stays where the next program finds it.
 */
#ifndef RULES_PROXY_HEADER_H
#define RULES_PROXY_HEADER_H

#include <stdint.h>

#include "base/address.h"
#include "base/span.h"
#include "base/text.h"

#define PROXY_HEADER_LARGEST (16 + 65535) /* bytes of the longest header that can be written */

struct proxy_header {
	bool has_addresses; /* false: LOCAL, UNKNOWN, UNSPEC, or sockets of one machine */
	struct address remote, local;
	uint16_t remote_port, local_port;
};

enum proxy_step {
	PROXY_MORE,	 /* read so many bytes more: they belong to the header, whatever they are */
	PROXY_DONE,	 /* the bytes are one whole header */
	PROXY_MALFORMED, /* no header begins like this */
};

/* Look at what was read of the header so far, nothing at first. PROXY_MORE sets *more, at least 1;
 * bytes and *more together never pass PROXY_HEADER_LARGEST. PROXY_DONE fills *header.
 * PROXY_MALFORMED appends the reason to *why. */
enum proxy_step proxy_header_read(struct span bytes, size_t *more, struct proxy_header *header,
				  struct text *why);

#endif
