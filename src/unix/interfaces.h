/*
 * interfaces: is this an address of this machine?
 *
 * The addresses of its network interfaces, those of loopback among them, and the two that mean any
 * of them, 0.0.0.0 and ::. They are asked for once, at the first question.
 */
#ifndef UNIX_INTERFACES_H
#define UNIX_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

struct interfaces {
	struct address *addresses;
	size_t count;
	bool is_read;
};

/* Zeroed memory has not asked yet. False too where the system would not tell, after a warning. */
bool interfaces_have(struct interfaces *interfaces, const struct address *address);

void interfaces_free(struct interfaces *interfaces);

#endif
