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
#include <stdint.h>

#include "base/address.h"
#include "base/span.h"

struct gateway {
	struct address address;
	const char *what; /* "the default gateway", "a bridge of this machine" */
};

struct gateways {
	struct gateway *list;
	size_t count, capacity;
	uint32_t *bridges; /* the kernel's numbers of those links */
	size_t bridge_count;
	bool failed; /* memory was short */
};

/* Find them. Returns 0, or -1 with errno when the kernel does not tell all. Zeroed memory has none
 * yet, and gateways_free must be called. */
int gateways_find(struct gateways *gateways);

void gateways_free(struct gateways *gateways);

/* Add what a message of rtnetlink(7) tells of. Its context is the gateways. An address is one of a
 * bridge when a message before it told of that link. */
void gateways_take(void *context, unsigned type, struct span message);

#endif
