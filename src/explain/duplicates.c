#include "explain/duplicates.h"

#include <stdlib.h>

#include "unix/cdb_writer.h"

int duplicates_init(struct duplicates *duplicates)
{
	*duplicates = (struct duplicates){.writer = cdb_writer_new_keys()};
	return duplicates->writer ? 0 : -1;
}

static int add_line(struct duplicates *duplicates, uint64_t line)
{
	if (duplicates->count == duplicates->capacity) {
		size_t capacity = duplicates->capacity * 2 + 1024;
		uint32_t *lines =
			reallocarray(duplicates->lines, capacity, sizeof(*duplicates->lines));

		if (!lines)
			return -1;
		duplicates->lines = lines;
		duplicates->capacity = capacity;
	}
	duplicates->lines[duplicates->count++] = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
	return 0;
}

/* The number of a record is that of the key. There are fewer than 2^32, because the file has no
 * more bytes. */
int duplicates_add(struct duplicates *duplicates, struct span key, uint64_t line)
{
	if (cdb_writer_add(duplicates->writer, key, (struct span){NULL, 0},
			   (uint32_t)duplicates->count) == -1)
		return -1;
	return add_line(duplicates, line);
}

int duplicates_finish(struct duplicates *duplicates)
{
	return cdb_writer_finish(duplicates->writer);
}

int duplicates_next(struct duplicates *duplicates, uint64_t *line)
{
	size_t number = duplicates->asked++;
	struct cdb_duplicate duplicate;

	if (duplicates->passed == cdb_writer_duplicates(duplicates->writer))
		return 0;
	if (cdb_writer_duplicate(duplicates->writer, duplicates->passed, &duplicate, NULL) == -1)
		return -1;
	if (duplicate.number != number)
		return 0;
	duplicates->passed++;
	*line = duplicates->lines[duplicate.first];
	return 1;
}

void duplicates_free(struct duplicates *duplicates)
{
	cdb_writer_free(duplicates->writer);
	free(duplicates->lines);
}
