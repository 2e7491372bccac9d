/*
 * gateways: addresses of this machine's surroundings behind which strangers can stand.
 *
 * What comes through a gateway that translates addresses, or from outside through the bridge of a
 * container host, seems to come from the gateway or the bridge.
 */
#ifndef EXPLAIN_GATEWAYS_H
#define EXPLAIN_GATEWAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/span.h"

struct gateway {
	struct address address;
	const char *what; /* "the default gateway", "a bridge of this machine" */
};

struct gateways {
	struct gateway *list;
	size_t count, capacity;
	bool failed; /* memory was short, or a table cannot be read */
};

/* Find them. What the system does not tell is left out. Zeroed memory has none yet, and
 * gateways_free must be called. */
void gateways_find(struct gateways *gateways);

void gateways_free(struct gateways *gateways);

/* Add those in lines of /proc/net/route and of /proc/net/ipv6_route. */
void gateways_read_4(struct gateways *gateways, struct span table);
void gateways_read_6(struct gateways *gateways, struct span table);

#endif
