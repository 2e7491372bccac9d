/*
 * crlf: the ends of lines, LF here and CR LF on the network, each made into the other.
 *
 * Cutting the same input into other pieces gives the same output. Lines may have any length, and
 * every byte but CR and LF is like any other.
 */
#ifndef BASE_CRLF_H
#define BASE_CRLF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

enum crlf_change {
	CRLF_ADD,    /* a CR before each LF, even where there is one */
	CRLF_MEND,   /* a CR before each LF that has none */
	CRLF_REMOVE, /* no CR before an LF, where there was one */
};

struct crlf {
	enum crlf_change change;
	bool is_after_cr; /* CRLF_REMOVE has that CR still to write */
};

/* The most bytes that come of so many, those held back before included. */
#define CRLF_ROOM(length) (2 * (length) + 1)

/* Change these bytes, which follow those of the last call, into output that has room for
 * CRLF_ROOM(bytes.length). Returns how many bytes it wrote there. */
size_t crlf_convert(struct crlf *crlf, struct span bytes, char *output);

/* The input has ended: write what was held back, at most a byte. Returns how many. */
size_t crlf_finish(struct crlf *crlf, char *output);

#endif
