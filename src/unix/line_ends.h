/*
 * line_ends: what stands on descriptor 0 comes out on descriptor 1 with other ends of lines. The
 * whole of addcr and delcr.
 */
#ifndef UNIX_LINE_ENDS_H
#define UNIX_LINE_ENDS_H

#include "base/crlf.h"

/* Copy all input to the output. Each piece is written before the next is waited for. Dies with exit
 * code 111 when either fails. */
void line_ends_copy(enum crlf_change change);

#endif
