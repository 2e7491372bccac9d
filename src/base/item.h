/*
 * item: the data of a compiled rule, which are items with a NUL behind each.
 *
 * "+NAME=VALUE" sets a variable, "D..." denies the connection; whoever heeds a rule passes over all
 * others, and over what has no NUL behind it.
 */
#ifndef BASE_ITEM_H
#define BASE_ITEM_H

#include <stdbool.h>

#include "base/span.h"

/* Cut the next item off the front of the data. */
bool item_next(struct span *data, struct span *item);

/* Cut the next one that sets a variable, and all before it, off the front of the data. *variable is
 * NAME=VALUE, with a NUL behind it; NAME is not empty. */
bool item_next_variable(struct span *data, struct span *variable);

/* The value that the data give to a variable, by the last item of that name, with a NUL behind it;
 * NULL: none. */
const char *item_find_value(struct span data, const char *name);

/* Whether the data deny the connection. */
bool item_denies(struct span data);

#endif
