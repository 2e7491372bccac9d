/*
 * variables: the environment of a child, made anew for each child in memory that is used again.
 *
 * It starts as the environment that this program was given; what is set is the next child's alone.
 * Nothing here touches this program's own environment.
 */
#ifndef UNIX_VARIABLES_H
#define UNIX_VARIABLES_H

#include "base/text.h"

struct variables {
	char **inherited; /* pointers to the strings of others */
	size_t inherited_count;
	struct text own; /* the strings that were set, each with its NUL */
	size_t *offsets; /* where in own each begins */
	size_t offsets_count, offsets_capacity;
	char **array;	       /* what variables_array returns; as long as is needed at most */
	size_t array_capacity; /* pointers */
	bool failed;
};

/* Start from an environment, NULL-ended, whose strings must stay. Returns 0, or -1 with errno. */
int variables_init(struct variables *variables, char *const environment[]);

/* The same for what variables_init and variables_drop have made, before anything is set. */
int variables_copy(struct variables *to, const struct variables *from);

void variables_free(struct variables *variables);

/* No child shall inherit this one. */
void variables_drop(struct variables *variables, const char *name);

/* Begin the next child's: forget what was set, and failure. */
void variables_clear(struct variables *variables);

/* Set one, in place of an inherited one or one set earlier. */
void variables_set(struct variables *variables, const char *name, const char *value);

/* Set those in the data of a matched rule; of two with one name the later one holds. */
void variables_set_items(struct variables *variables, struct span data);

/* All of them, NULL-ended, valid until the next call of any of these functions. NULL with errno
 * when memory was short, or more than 16384 were set. */
char **variables_array(struct variables *variables);

#endif
