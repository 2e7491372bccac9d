/*
 * prefix: rules for whole networks, as keys of the compiled rules and as the index of them.
 *
 * One function makes the key for the compiler and for the reader, so that they cannot disagree.
 * The index is one record more. It says which prefix lengths occur, so that a reader asks for no
 * others. No rule compiles to its key, because an address ends at a colon, and no reader that does
 * not know it asks for it.
 */
#ifndef RULES_PREFIX_H
#define RULES_PREFIX_H

#include <stdbool.h>

#include "base/address.h"
#include "base/span.h"
#include "base/text.h"

#define PREFIX_INDEX_KEY ":prefix-lengths"
#define PREFIX_KEY	 (ADDRESS_TEXT + 4) /* bytes that hold any key that prefix_key writes */

/* Write the key of the rule for the first so many bits of an address; returns its length. That is
 * the address itself when these are all its bits, the traditional "10.", "10.1." or "10.1.2." for
 * 8, 16 or 24 bits of an IPv4 address, and otherwise "address/length". */
size_t prefix_key(const struct address *address, unsigned prefix_length, char key[PREFIX_KEY]);

/* The prefix lengths that occur in keys of the form "address/length". */
struct prefix_lengths {
	bool has_4[32];
	bool has_6[128];
};

/* Whether such a key would be written for a prefix of this length. */
bool prefix_is_indexed(unsigned version, unsigned prefix_length);

/* Note that such a key occurs. It must be one that is indexed. */
void prefix_lengths_add(struct prefix_lengths *lengths, unsigned version, unsigned prefix_length);

/* Whether it was noted that such a key occurs. */
bool prefix_lengths_have(const struct prefix_lengths *lengths, unsigned version,
			 unsigned prefix_length);

/* Append the data of the index: "#4/" with the IPv4 lengths and "#6/" with those of IPv6, longest
 * first, separated by commas and ended by NUL; a family that has none is left out. Nothing is
 * appended, and no index is to be written, when there are none at all. */
void prefix_lengths_write(const struct prefix_lengths *lengths, struct text *data);

/* Read the data of an index into *lengths. False when it is damaged: anything else than what
 * prefix_lengths_write appends. */
bool prefix_lengths_read(struct span data, struct prefix_lengths *lengths);

#endif
