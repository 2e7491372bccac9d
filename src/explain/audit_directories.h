/*
 * audit_directories: the control directories that smtpd reads, the servers' own and those that
 * rules name, each once.
 */
#ifndef EXPLAIN_AUDIT_DIRECTORIES_H
#define EXPLAIN_AUDIT_DIRECTORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/text.h"

#define AUDIT_MOST_DIRECTORIES 100

struct audit_directory {
	struct text name;      /* the value of CONTROLDIR */
	bool is_for_strangers; /* for clients that may not relay */
	bool exists;
	dev_t device; /* where it exists: two names may be one directory */
	ino_t inode;
};

struct audit_directories {
	struct audit_directory list[AUDIT_MOST_DIRECTORIES]; /* the servers' own is the first */
	size_t count;
	bool has_more;
	bool failed; /* memory was short */
};

/* Begin with the directory that this program has. audit_directories_free must be called. */
void audit_directories_init(struct audit_directories *directories);

/* The index of the directory that the data of a rule leads to, which is added where it is new. The
 * count when there is no room for it. */
size_t audit_directories_take(struct audit_directories *directories, struct span data,
			      bool is_for_strangers);

/* Make it this program's own. */
void audit_directories_enter(const struct audit_directories *directories, size_t index);

void audit_directories_free(struct audit_directories *directories);

#endif
