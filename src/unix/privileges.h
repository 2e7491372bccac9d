/*
 * privileges: become another user and group, for good.
 */
#ifndef UNIX_PRIVILEGES_H
#define UNIX_PRIVILEGES_H

#include <stdint.h>

/* Become the group, which becomes the only one, and then the user. 0 for either: stay. Returns 0,
 * or -1 with errno. */
int privileges_change(uint32_t user, uint32_t group);

#endif
