/*
 * line_reader: the lines of a descriptor, one after the other, in bounded memory.
 */
#ifndef UNIX_LINE_READER_H
#define UNIX_LINE_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/span.h"

struct line_reader {
	uint64_t number; /* of the line taken last, from 1 */

	/* Its own: the bytes from start to end are read and not taken, those before searched hold
	 * no LF. */
	int descriptor;
	struct stat status; /* when nothing was read */
	char *bytes;
	size_t size, start, searched, end, longest;
	bool is_at_end;
};

/* Read lines of at most longest bytes, their LF not counted. Returns 0, or -1 with errno. */
int line_reader_init(struct line_reader *reader, int descriptor, size_t longest);

void line_reader_free(struct line_reader *reader);

/* Take the next line, without its LF, which the last one may lack; it stays until the next call.
 * Returns 1; 0 at the end; -1 with errno, which is EMSGSIZE for a line that is too long, and EBUSY
 * at the end of a file that was changed meanwhile: half of it may be of another. */
int line_reader_next(struct line_reader *reader, struct span *line);

#endif
