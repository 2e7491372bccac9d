/*
 * confine: give up what a process needs no more once it has read its files.
 */
#ifndef UNIX_CONFINE_H
#define UNIX_CONFINE_H

#include <stdint.h>

#include "base/text.h"

/* For good: no core dump, nobody looking into this process's memory but root, no way to privileges
 * by executing something; and, for root, the directory as root directory (NULL: as it is), the
 * group as the only one, and the user. An id of 0 stays root's; with another user the other groups
 * go all the same. Call closelog and the like before: no path means what it meant. False when
 * something was refused; *why then gets the reason. */
bool confine(const char *directory, uint32_t user, uint32_t group, struct text *why);

#endif
