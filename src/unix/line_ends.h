/*
 * line_ends: what stands on descriptor 0 comes out on descriptor 1 with other ends of lines. The
 * whole of addcr and delcr.
 */
#ifndef UNIX_LINE_ENDS_H
#define UNIX_LINE_ENDS_H

#include "base/crlf.h"

/* Copy all input to the output. Each piece is written before the next is waited for. Returns 0, or
 * -1 with errno and what could not be done. */
int line_ends_copy(enum crlf_change change, const char **what);

#endif
