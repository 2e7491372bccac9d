/*
 * bad_sender: which entries of badmailfrom refuse nobody.
 *
 * Other programs take patterns, exceptions and reasons in a file of this name. Here an entry is an
 * address or @domain, and all else stands for itself.
 */
#ifndef EXPLAIN_BAD_SENDER_H
#define EXPLAIN_BAD_SENDER_H

#include "base/span.h"

/* What is wrong with an entry, as words that follow it; or NULL. */
const char *bad_sender_flaw(struct span entry);

#endif
