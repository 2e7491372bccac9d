/*
 * gateways: addresses of this machine's surroundings behind which strangers can stand.
 *
 * What comes through a gateway that translates addresses, or from outside through the bridge of a
 * container host, seems to come from the gateway or the bridge.
 */
#ifndef EXPLAIN_GATEWAYS_H
#define EXPLAIN_GATEWAYS_H

#include <stddef.h>

#include "base/address.h"
#include "base/span.h"

#define GATEWAYS_MOST 32

struct gateways {
	struct {
		struct address address;
		const char *what; /* "the default gateway", "a bridge of this machine" */
	} list[GATEWAYS_MOST];
	size_t count;
};

/* Find them. What the system does not tell is left out. */
void gateways_find(struct gateways *gateways);

/* Add those in the contents of /proc/net/route and of /proc/net/ipv6_route. */
void gateways_read_4(struct gateways *gateways, struct span table);
void gateways_read_6(struct gateways *gateways, struct span table);

#endif
