/*
 * environment: the variables in which the programs of a chain tell each other about a connection.
 *
 * Setting fails only for want of memory, and then the program dies with exit code 111: going on
 * with half an environment could open the relay.
 */
#ifndef UNIX_ENVIRONMENT_H
#define UNIX_ENVIRONMENT_H

#include "base/span.h"

/* The value, or NULL when it is not set. It stays until the variable changes. */
const char *environment_get(const char *name);

/* The value; dies with exit code 100 when it is not set. */
const char *environment_require(const char *name);

/* Afterwards there is one of that name, however many whoever started this program has set. */
void environment_set(const char *name, const char *value);
void environment_set_number(const char *name, unsigned long number);
void environment_unset(const char *name);

/* Unset all variables whose names start so. */
void environment_unset_all(const char *prefix);

/* Set what the data of a matched rule says. */
void environment_set_items(struct span data);

#endif
