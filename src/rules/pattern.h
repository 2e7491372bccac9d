/*
 * pattern: the address of a rule, which says of whom the rule speaks.
 *
 * What tcprules(1) has always taken is kept byte for byte, whether it can match or not; the flaw
 * tells when it cannot. IPv6 addresses, and networks written with a prefix length, become the one
 * key by which readers ask for them.
 */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

#define PATTERN_MOST_KEYS 256 /* of a range */
#define PATTERN_EXTRA	  64  /* bytes that a key can be longer than the address it stands for */

/* Bytes of the longest address that holds colons: an INFO, which may be as long as match_find looks
 * at, and an IPv6 address with its prefix length. */
#define PATTERN_LONGEST_WITH_COLONS (1024 + 64)

enum pattern_reach {
	REACH_SOME,
	REACH_WIDE,	/* more than a /8 of IPv4, translated or not, or a /16 of IPv6 */
	REACH_EVERYONE, /* the empty address, a prefix of no bits or of all IPv4, "=" alone */
};

struct pattern {
	const char *flaw; /* why it can never match, or NULL */
	enum pattern_reach reach;
	bool is_indexed; /* its key is "address/length", and readers must know of this length */
	uint8_t version, prefix_length; /* when it is indexed */

	/* Its keys: before, each number from first to last, behind. Without a range there is one
	 * key, which is before, and has_number is false. */
	struct span before, behind;
	uint64_t first, last;
	bool has_number;
};

/* Read an address. room is for keys that are not a part of it, must have PATTERN_EXTRA bytes more
 * than the address to spare, and must stay as long as the pattern. False, and the reason appended
 * to *why, when it is malformed. */
bool pattern_read(struct span address, struct pattern *pattern, struct text *room,
		  struct text *why);

/* Take the next of its keys, which stays until the next call. False when there are no more. */
bool pattern_next_key(struct pattern *pattern, struct text *room, struct span *key);

#endif
