/*
 * children: the processes that serve clients now, and how many of them each client has.
 *
 * Memory for the most there may be is taken once. Who counts as one client is address_owner's to
 * say.
 */
#ifndef UNIX_CHILDREN_H
#define UNIX_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/address.h"

struct children; /* opaque */

/* Room for limit processes. Returns NULL with errno when memory is short. */
struct children *children_new(size_t limit);

void children_free(struct children *children); /* NULL allowed */

/* How many there are, and how many serve the same client as this address. */
size_t children_count(const struct children *children);
size_t children_of(const struct children *children, const struct address *address);

/* A process began to serve an address. There must be room. */
void children_add(struct children *children, pid_t process, const struct address *address);

/* A process ended. False when it is none of these. */
bool children_remove(struct children *children, pid_t process);

#endif
