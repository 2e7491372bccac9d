/*
 * mailbox: an address of an envelope in the syntax of RFC 5321 section 4.1.2.
 *
 * Envelopes hold addresses without quotes. Whoever hands one to a program that reads the syntax
 * must put the quotes back, or "a,b"@example.org becomes two addresses on the way.
 */
#ifndef QUEUE_MAILBOX_H
#define QUEUE_MAILBOX_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

/* Append the address, its local part quoted where it must be. What the syntax cannot express is
 * written as '?': control bytes, and delimiters in the domain. False when that happened, or when
 * the domain holds a byte that no domain has: this is then another address, or none. */
bool mailbox_write(struct span address, struct text *text);

/* The same for the command line of a program, even one that does not know "--": a local part that
 * begins with a hyphen is quoted, which makes no other address of it, and no option either. */
bool mailbox_write_argument(struct span address, struct text *text);

#endif
