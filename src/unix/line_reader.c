#include "unix/line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unix/file.h"

#define READ_SIZE (64 * 1024) /* bytes asked for at once, or more */

int line_reader_init(struct line_reader *reader, int descriptor, size_t longest)
{
	*reader = (struct line_reader){.descriptor = descriptor, .longest = longest};
	if (fstat(descriptor, &reader->status) == -1)
		return -1;
	reader->size = longest + 1 + READ_SIZE;
	reader->bytes = malloc(reader->size);
	return reader->bytes ? 0 : -1;
}

void line_reader_free(struct line_reader *reader)
{
	free(reader->bytes);
	reader->bytes = NULL;
}

static bool is_changed(const struct line_reader *reader)
{
	struct stat now;

	return S_ISREG(reader->status.st_mode) &&
	       (fstat(reader->descriptor, &now) == -1 || !file_is_unchanged(&reader->status, &now));
}

/* Read behind what is there, which is less than a line. */
static int read_more(struct line_reader *reader)
{
	ssize_t count;

	memmove(reader->bytes, reader->bytes + reader->start, reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	reader->searched = reader->end;
	count = file_read(reader->descriptor, reader->bytes + reader->end,
			  reader->size - reader->end);
	if (count == -1)
		return -1;
	reader->end += (size_t)count;
	reader->is_at_end = count == 0;
	if (reader->is_at_end && is_changed(reader)) {
		errno = EBUSY;
		return -1;
	}
	return 0;
}

static int take(struct line_reader *reader, size_t end, struct span *line)
{
	*line = (struct span){reader->bytes + reader->start, end - reader->start};
	reader->start = reader->searched = end < reader->end ? end + 1 : end;
	reader->number++;
	if (line->length <= reader->longest)
		return 1;
	errno = EMSGSIZE;
	return -1;
}

int line_reader_next(struct line_reader *reader, struct span *line)
{
	for (;;) {
		size_t rest = reader->end - reader->searched;
		const char *found =
			rest ? memchr(reader->bytes + reader->searched, '\n', rest) : NULL;

		if (found)
			return take(reader, (size_t)(found - reader->bytes), line);
		if (reader->end - reader->start > reader->longest)
			return take(reader, reader->end, line);
		if (reader->is_at_end)
			return reader->start == reader->end ? 0 : take(reader, reader->end, line);
		if (read_more(reader) == -1)
			return -1;
	}
}
