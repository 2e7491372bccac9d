/*
 * duplicates: which of many rules come too late, because an earlier one has the same address.
 *
 * Found as tcprules finds them, by the index of a database in the making (unix/cdb_writer.h), and
 * so in a time that does not grow with the square of their number. Memory for each address: itself
 * and some forty bytes, and up to fifty more for one that comes too late.
 */
#ifndef EXPLAIN_DUPLICATES_H
#define EXPLAIN_DUPLICATES_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct cdb_writer;

struct duplicates {
	struct cdb_writer *writer; /* of a database that is never used */
	uint32_t *lines;	   /* of each key */
	size_t count, capacity;	   /* of the keys */
	size_t asked, passed;	   /* keys, and duplicates among them */
};

/* Start. Returns 0, or -1 with errno, as all of these do; duplicates_free must be called in any
 * case. */
int duplicates_init(struct duplicates *duplicates);

/* Add the key of a rule, with its line. */
int duplicates_add(struct duplicates *duplicates, struct span key, uint64_t line);

/* All are added. */
int duplicates_finish(struct duplicates *duplicates);

/* Go on to the next key, in the order in which they were added. Returns 1 when an earlier one is
 * the same, and sets *line to that of the first; else 0. */
int duplicates_next(struct duplicates *duplicates, uint64_t *line);

void duplicates_free(struct duplicates *duplicates);

#endif
