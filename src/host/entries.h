/*
 * entries: a list file of the control directory, asked entry by entry.
 *
 * Letters are folded as ASCII. The first question builds an index, so that a long list costs
 * nothing to whoever never asks and next to nothing for each question after that. Memory: the file,
 * and at most 16 bytes for each entry.
 */
#ifndef HOST_ENTRIES_H
#define HOST_ENTRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lookup.h"
#include "base/span.h"
#include "base/text.h"

#define ENTRIES_FEW 16 /* slots */

/* It holds pointers into itself, and stays where it was read. */
struct entries {
	struct text contents; /* of the file */
	uint32_t *slots; /* 0, or 1 and where in contents an entry begins; NULL: no index yet */
	size_t mask;	 /* number of slots less one */
	bool exists;	 /* there is such a file */
	char short_contents[512];	 /* where contents begins */
	uint32_t few_slots[ENTRIES_FEW]; /* what slots is for a short list */
};

/* Read the file. YES; NO when there is none, and then the list has no entry; LATER on an error,
 * with the reason appended to *why. */
enum verdict entries_read(struct entries *entries, const char *name, struct text *why);

/* Is there such an entry? LATER: no memory for the index. */
enum verdict entries_find(struct entries *entries, struct span name);

/* The line of the file, from 1, in which the entry stands that answers so; 0: there is none. */
unsigned entries_line(struct entries *entries, struct span name);

/* The same as a lookup, whose records are empty; its world is the struct entries. */
struct lookup entries_lookup(struct entries *entries);

void entries_free(struct entries *entries);

#endif
