#include "unix/cdb_writer.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unix/cdb_index.h"
#include "unix/file.h"
#include "unix/temporary.h"

#define HEADER	  2048
#define BUFFER	  (64 * 1024)
#define KEY_PIECE 512 /* bytes of two keys compared at once */

struct cdb_writer {
	int descriptor;
	const char *path, *temporary; /* temporary is NULL when there is none to remove */
	uint64_t position;	      /* where the next byte goes; those buffered count */
	bool has_keys_only;
	uint64_t left_out; /* bytes of data */
	struct cdb_index index;
	struct cdb_duplicate *duplicates;
	size_t duplicate_count, duplicate_capacity;
	size_t used;
	char buffer[BUFFER];
};

/* Returns NULL with errno where there is no file. */
static struct cdb_writer *start(struct cdb_writer *writer, int descriptor)
{
	if (descriptor == -1) {
		int kept = errno;

		free(writer);
		errno = kept;
		return NULL;
	}
	writer->descriptor = descriptor;
	writer->position = writer->used = HEADER; /* zeros until the end */
	return writer;
}

struct cdb_writer *cdb_writer_new(const char *path, const char *temporary)
{
	struct cdb_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->path = path;
	writer->temporary = temporary;
	return start(writer, temporary_open(path, temporary));
}

struct cdb_writer *cdb_writer_new_unnamed(void)
{
	struct cdb_writer *writer = calloc(1, sizeof(*writer));
	int descriptor;

	if (!writer)
		return NULL;
	descriptor = temporary_unnamed(temporary_directory());
	return start(writer, descriptor == -1 ? memfd_create("cdb", MFD_CLOEXEC) : descriptor);
}

struct cdb_writer *cdb_writer_new_keys(void)
{
	struct cdb_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->has_keys_only = true;
	return start(writer, memfd_create("cdb", MFD_CLOEXEC));
}

int cdb_writer_descriptor(const struct cdb_writer *writer)
{
	return writer->descriptor;
}

int cdb_writer_replace(struct cdb_writer *writer)
{
	if (rename(writer->temporary, writer->path) == -1)
		return -1;
	writer->temporary = NULL;
	return 0;
}

void cdb_writer_free(struct cdb_writer *writer)
{
	int kept = errno;

	if (!writer)
		return;
	if (writer->temporary)
		unlink(writer->temporary);
	close(writer->descriptor);
	cdb_index_free(&writer->index);
	free(writer->duplicates);
	free(writer);
	errno = kept;
}

/* --- records --- */

static int flush(struct cdb_writer *writer)
{
	size_t used = writer->used;

	writer->used = 0;
	return file_write(writer->descriptor, (struct span){writer->buffer, used});
}

static int put(struct cdb_writer *writer, struct span bytes)
{
	writer->position += bytes.length;
	while (bytes.length > BUFFER - writer->used) {
		size_t room = BUFFER - writer->used;

		memcpy(writer->buffer + writer->used, bytes.bytes, room);
		writer->used = BUFFER;
		bytes = span_tail(bytes, room);
		if (flush(writer) == -1)
			return -1;
	}
	if (bytes.length)
		memcpy(writer->buffer + writer->used, bytes.bytes, bytes.length);
	writer->used += bytes.length;
	return 0;
}

static void pack(uint32_t number, char bytes[4])
{
	number = htole32(number);
	memcpy(bytes, &number, sizeof(number));
}

static uint32_t unpack(const char bytes[4])
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return le32toh(number);
}

static int put_pair(struct cdb_writer *writer, uint32_t first, uint32_t second)
{
	char bytes[8];

	pack(first, bytes);
	pack(second, bytes + 4);
	return put(writer, (struct span){bytes, sizeof(bytes)});
}

/* The same as four puts, faster where the record fits into the buffer, as it nearly always does. */
static int put_record(struct cdb_writer *writer, struct span key, struct span data)
{
	char *place = writer->buffer + writer->used;
	size_t size = 8 + key.length + data.length;

	if (size > BUFFER - writer->used) {
		if (put_pair(writer, (uint32_t)key.length, (uint32_t)data.length) == -1 ||
		    put(writer, key) == -1)
			return -1;
		return put(writer, data);
	}
	pack((uint32_t)key.length, place);
	pack((uint32_t)data.length, place + 4);
	if (key.length)
		memcpy(place + 8, key.bytes, key.length);
	if (data.length)
		memcpy(place + 8 + key.length, data.bytes, data.length);
	writer->used += size;
	writer->position += size;
	return 0;
}

int cdb_writer_add(struct cdb_writer *writer, struct span key, struct span data, uint32_t number)
{
	struct cdb_entry entry = {cdb_index_hash(key), (uint32_t)writer->position, number};

	if (key.length > UINT32_MAX || data.length > UINT32_MAX ||
	    writer->position + writer->left_out + 8 + key.length + data.length > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	if (cdb_index_add(&writer->index, entry) == -1)
		return -1;
	if (!writer->has_keys_only)
		return put_record(writer, key, data);
	writer->left_out += data.length;
	return put_record(writer, key, SPAN(""));
}

/* --- duplicates --- */

static int read_at(const struct cdb_writer *writer, char *bytes, size_t size, uint64_t position)
{
	while (size) {
		ssize_t count = pread(writer->descriptor, bytes, size, (off_t)position);

		if (count == -1 && errno == EINTR)
			continue;
		if (count == 0)
			errno = EIO; /* somebody cut the file short */
		if (count <= 0)
			return -1;
		bytes += count;
		size -= (size_t)count;
		position += (uint64_t)count;
	}
	return 0;
}

static int read_key_length(const struct cdb_writer *writer, uint32_t position, uint32_t *length)
{
	char bytes[4];

	if (read_at(writer, bytes, sizeof(bytes), position) == -1)
		return -1;
	*length = unpack(bytes);
	return 0;
}

/* Whether the records at these positions have the same key: 1 or 0, or -1 with errno. */
static int has_same_key(const struct cdb_writer *writer, uint32_t left, uint32_t right)
{
	char left_piece[KEY_PIECE], right_piece[KEY_PIECE];
	uint32_t length, other;

	if (read_key_length(writer, left, &length) == -1 ||
	    read_key_length(writer, right, &other) == -1)
		return -1;
	if (length != other)
		return 0;
	for (uint32_t done = 0; done < length;) {
		uint32_t size = length - done < KEY_PIECE ? length - done : KEY_PIECE;

		if (read_at(writer, left_piece, size, (uint64_t)left + 8 + done) == -1 ||
		    read_at(writer, right_piece, size, (uint64_t)right + 8 + done) == -1)
			return -1;
		if (memcmp(left_piece, right_piece, size) != 0)
			return 0;
		done += size;
	}
	return 1;
}

static int add_duplicate(struct cdb_writer *writer, struct cdb_duplicate duplicate)
{
	if (writer->duplicate_count == writer->duplicate_capacity) {
		size_t capacity = writer->duplicate_capacity * 2 + 64;
		struct cdb_duplicate *duplicates =
			reallocarray(writer->duplicates, capacity, sizeof(*duplicates));

		if (!duplicates)
			return -1;
		writer->duplicates = duplicates;
		writer->duplicate_capacity = capacity;
	}
	writer->duplicates[writer->duplicate_count++] = duplicate;
	return 0;
}

/* What the index asks: whether the keys are the same. Then they are duplicates. */
static int compare_keys(void *world, const struct cdb_entry *earlier, const struct cdb_entry *later)
{
	struct cdb_writer *writer = world;
	struct cdb_duplicate duplicate = {later->number, earlier->number, later->position};
	int is_same = has_same_key(writer, earlier->position, later->position);

	if (is_same == 1 && add_duplicate(writer, duplicate) == -1)
		return -1;
	return is_same;
}

static int compare_duplicates(const void *left_item, const void *right_item)
{
	const struct cdb_duplicate *left = left_item, *right = right_item;

	if (left->number != right->number)
		return left->number < right->number ? -1 : 1;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	return (left->position > right->position) - (left->position < right->position);
}

static void sort_duplicates(struct cdb_writer *writer)
{
	struct cdb_duplicate *all = writer->duplicates;
	size_t count = 0;

	if (!all)
		return;
	qsort(all, writer->duplicate_count, sizeof(*all), compare_duplicates);
	for (size_t index = 0; index < writer->duplicate_count; index++)
		if (count == 0 || all[index].number != all[count - 1].number ||
		    all[index].first != all[count - 1].first)
			all[count++] = all[index];
	writer->duplicate_count = count;
}

size_t cdb_writer_duplicates(const struct cdb_writer *writer)
{
	return writer->duplicate_count;
}

int cdb_writer_duplicate(const struct cdb_writer *writer, size_t index,
			 struct cdb_duplicate *duplicate, struct text *key)
{
	uint32_t length;

	*duplicate = writer->duplicates[index];
	if (!key)
		return 0;
	if (read_key_length(writer, duplicate->position, &length) == -1)
		return -1;
	if (!text_reserve(key, length)) {
		errno = ENOMEM;
		return -1;
	}
	if (read_at(writer, key->bytes + key->length, length, (uint64_t)duplicate->position + 8))
		return -1;
	key->length += length;
	key->bytes[key->length] = '\0';
	return 0;
}

/* --- the end --- */

/* A slot is put straight into the buffer: there are twice as many as records. */
static int put_slots(struct cdb_writer *writer, const struct cdb_entry *slots, uint32_t count)
{
	for (uint32_t index = 0; index < count; index++) {
		char *place;

		if (BUFFER - writer->used < 8 && flush(writer) == -1)
			return -1;
		place = writer->buffer + writer->used;
		pack(slots[index].hash, place);
		pack(slots[index].position, place + 4);
		writer->used += 8;
	}
	writer->position += 8 * (uint64_t)count;
	return 0;
}

static int put_tables(struct cdb_writer *writer, char header[HEADER])
{
	const struct cdb_index_keys keys = {writer, compare_keys};

	if (writer->position + writer->left_out + writer->index.count * 16 > UINT32_MAX) {
		errno = EFBIG;
		return -1;
	}
	for (unsigned table = 0; table < 256; table++) {
		uint32_t count;
		const struct cdb_entry *slots =
			cdb_index_table(&writer->index, table, &count, &keys);

		if (!slots)
			return -1;
		pack((uint32_t)writer->position, header + 8 * table);
		pack(count, header + 8 * table + 4);
		if (put_slots(writer, slots, count) == -1)
			return -1;
	}
	return flush(writer);
}

int cdb_writer_finish(struct cdb_writer *writer)
{
	char header[HEADER];

	/* The records must be in the file for their keys to be compared. */
	if (flush(writer) == -1 || put_tables(writer, header) == -1)
		return -1;
	cdb_index_free(&writer->index); /* all that it told is in the file, or a duplicate */
	sort_duplicates(writer);
	if (lseek(writer->descriptor, 0, SEEK_SET) == -1 ||
	    file_write(writer->descriptor, (struct span){header, HEADER}) == -1)
		return -1;
	return writer->temporary ? fsync(writer->descriptor) : 0;
}
