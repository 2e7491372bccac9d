/*
 * cdb_file: an open constant database, asked by key, safe against what its file may do meanwhile.
 *
 * The file is mapped. A file that is damaged, or cut short under the map, gives VERDICT_LATER and
 * not a crash. The layout is D. J. Bernstein's cdb; reading is libcdb's.
 */
#ifndef UNIX_CDB_FILE_H
#define UNIX_CDB_FILE_H

#include <cdb.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/lookup.h"
#include "base/text.h"

struct cdb_file {
	struct cdb cdb;
	struct stat status; /* of the file when it was opened */
	struct text data;   /* the record found last */
	bool is_open;
};

/* Open the database. Returns 0, or -1 with errno; EPROTO for a file that is no cdb, or none yet. */
int cdb_file_open(struct cdb_file *file, const char *path);

/* What errno says after one of these functions. */
const char *cdb_file_reason(int number);

/* Close it, if it is open. Zeroed memory is a closed database. */
void cdb_file_close(struct cdb_file *file);

/* Whether the opened file is still as it was then. A file overwritten in place, and not replaced by
 * a rename, can answer anything meanwhile: ask this after the last of a decision's lookups, and
 * take false as LATER. */
bool cdb_file_is_unchanged(const struct cdb_file *file);

/* The first record with that key. *data is a copy that stays until the next call. LATER, with
 * errno, when the database is damaged, its data longer than 1 MiB, or memory is short. */
enum verdict cdb_file_find(struct cdb_file *file, struct span key, struct span *data);

/* The record at *position in the file, which moves behind it; a walk begins at
 * CDB_FILE_FIRST_RECORD. YES; NO behind the last one; LATER as above. Key and data are copies that
 * stay until the next call of this function or of cdb_file_find. */
#define CDB_FILE_FIRST_RECORD 2048
enum verdict cdb_file_next(struct cdb_file *file, unsigned *position, struct span *key,
			   struct span *data);

/* Where a walk is when it has just passed the record that cdb_file_find found last. */
unsigned cdb_file_found_end(const struct cdb_file *file);

/* The same as a lookup; its world is the struct cdb_file. */
struct lookup cdb_file_lookup(struct cdb_file *file);

/* Let decide put its questions to the database that path means at that moment, opening it anew
 * where it changed; a decision during which it changed is made again. Returns what decide did, or
 * LATER with errno when the database cannot be opened or will not keep still. ENOENT says that
 * there is no such file, and nothing else; EBADMSG that decide could not tell, for a reason that is
 * not the system's. It costs one stat(2) while nothing changes. */
enum verdict cdb_file_ask(struct cdb_file *file, const char *path,
			  enum verdict (*decide)(void *world, const struct lookup *lookup),
			  void *world);

#endif
