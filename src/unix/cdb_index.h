/*
 * cdb_index: the 256 hash tables of a constant database in the making.
 *
 * An entry goes into the first free slot from its own on, in the order in which the entries came:
 * so the slots are those that D. J. Bernstein's cdb_make and libcdb's fill. Memory: the entries,
 * and the largest table.
 */
#ifndef UNIX_CDB_INDEX_H
#define UNIX_CDB_INDEX_H

#include <stdint.h>

#include "base/span.h"

struct cdb_entry {
	uint32_t hash;	   /* of the key */
	uint32_t position; /* of the record in the file, never 0 */
	uint32_t number;   /* the caller's */
};

/* Entries are kept in chunks, which are cut from blocks: a few small ones, then huge pages where
 * the system has them, because to meet each page of 4096 bytes by a fault of its own takes as long
 * as all the rest. */
struct cdb_chunk;
struct cdb_block;

struct cdb_index {
	struct cdb_bucket {
		struct cdb_chunk *first, *last;
		uint32_t count; /* entries */
	} buckets[256];
	struct cdb_block *blocks; /* the newest first */
	uint64_t count;		  /* entries in all */
	struct cdb_entry *slots;  /* of the table that was made last */
	uint32_t *next;
};

/* What is asked of the caller. */
struct cdb_index_keys {
	void *world; /* handed back as first argument */
	/* Whether two entries that have the same hash have the same key: 1 or 0, or -1 with errno.
	 */
	int (*compare)(void *world, const struct cdb_entry *earlier, const struct cdb_entry *later);
};

uint32_t cdb_index_hash(struct span key);

/* Zeroed memory is an empty index. Returns 0, or -1 with errno. */
int cdb_index_add(struct cdb_index *index, struct cdb_entry entry);

/* Make a table, the first of which is 0. Sets *count to the number of its slots; an empty one is
 * all zero. Each entry is compared with the earlier ones of the same hash until one has the same
 * key. Returns the slots, which stay until the next call; or NULL with errno. */
const struct cdb_entry *cdb_index_table(struct cdb_index *index, unsigned table, uint32_t *count,
					const struct cdb_index_keys *keys);

void cdb_index_free(struct cdb_index *index);

#endif
