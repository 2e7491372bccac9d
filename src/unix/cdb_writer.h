/*
 * cdb_writer: a constant database, written to a temporary file that takes the old one's place when
 * it is whole.
 *
 * Until then the old one stays as it is, whatever happens. The bytes are those that D. J.
 * Bernstein's cdb_make and libcdb's write. Of libcdb this is not made, because that writes in
 * blocks of 4096 bytes, which costs twice the time, and keeps to itself the index in which records
 * with equal keys are found without further memory. Memory: 12 bytes a record, 12 more for a
 * duplicate, and 32 for each record in the largest of the 256 hash tables, where equal keys meet.
 */
#ifndef UNIX_CDB_WRITER_H
#define UNIX_CDB_WRITER_H

#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

struct cdb_writer; /* opaque */

/* A record whose key an earlier one has; readers find the earlier. The numbers are the caller's. */
struct cdb_duplicate {
	uint32_t number, first;
	uint32_t position; /* of the record in the file */
};

/* Start. An existing temporary file is written over. It may not be a symbolic link, have another
 * name, be the old database, or be in use by another writer. Returns NULL with errno; EEXIST for a
 * file that may not be used, and EWOULDBLOCK for one in use. The names must stay. */
struct cdb_writer *cdb_writer_new(const char *path, const char *temporary);

/* Start one that leaves no file: in TMPDIR or /tmp, where it can be, else in memory. */
struct cdb_writer *cdb_writer_new_unnamed(void);

/* Start one that is only to find duplicates, in memory. Data are counted and not kept. */
struct cdb_writer *cdb_writer_new_keys(void);

/* Add a record. Returns 0, or -1 with errno; EFBIG when the database grows beyond 4 GiB. */
int cdb_writer_add(struct cdb_writer *writer, struct span key, struct span data, uint32_t number);

/* All are added: write the index and make the temporary file durable. Returns 0, or -1 with errno.
 */
int cdb_writer_finish(struct cdb_writer *writer);

/* After that: how many duplicates there are, in the order of their numbers, and one of them.
 * Duplicates with the same two numbers count as one. Appends the key, unless that is NULL; returns
 * 0, or -1 with errno. */
size_t cdb_writer_duplicates(const struct cdb_writer *writer);
int cdb_writer_duplicate(const struct cdb_writer *writer, size_t index,
			 struct cdb_duplicate *duplicate, struct text *key);

/* The file that is written, which stays the writer's: for whoever gives it another owner or mode,
 * or reads it; of one without a name too. */
int cdb_writer_descriptor(const struct cdb_writer *writer);

/* Put it into the old one's place. Returns 0, or -1 with errno. */
int cdb_writer_replace(struct cdb_writer *writer);

/* Give everything back, and remove a temporary file that did not take the old one's place. errno
 * stays. NULL is allowed. */
void cdb_writer_free(struct cdb_writer *writer);

#endif
