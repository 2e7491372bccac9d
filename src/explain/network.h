/*
 * network: which addresses the address of a rule stands for.
 */
#ifndef EXPLAIN_NETWORK_H
#define EXPLAIN_NETWORK_H

#include <stdbool.h>

#include "base/address.h"
#include "base/span.h"

enum network_kind {
	NETWORK_NONE,	   /* nobody's address: such a rule never matches */
	NETWORK_EVERYBODY, /* the empty address, a prefix of no bits */
	NETWORK_NAMES,	   /* "=" and names */
	NETWORK_ADDRESSES,
};

struct network {
	enum network_kind kind;
	bool has_info; /* an ident answer stands in front */
	struct address address;
	unsigned prefix_length;
};

/* Read the key of a compiled rule. */
struct network network_read(struct span key);

/* Whether some of its addresses can be a stranger's: those that are not set aside for private
 * networks, for links and for the machine itself. */
bool network_is_public(const struct network *network);

/* Addresses of IPv4, translated or not: how many, and how many of them can be a stranger's. */
struct network_count {
	uint64_t all, public;
};

/* Add those that the key of a compiled rule stands for; none when it stands for no addresses, for
 * names or for everybody. */
void network_count_add(struct network_count *count, struct span key);

#endif
