#include "unix/cdb_index.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_ENTRIES 84 /* of 12 bytes: just under 1024 */
#define SMALL_BLOCK   (64 * 1024)
#define LARGE_BLOCK   (2 * 1024 * 1024) /* what may become a huge page */

struct cdb_chunk {
	struct cdb_chunk *next;
	unsigned count;
	struct cdb_entry entries[CHUNK_ENTRIES];
};

struct cdb_block {
	struct cdb_block *next;
	size_t size, used; /* bytes */
};

uint32_t cdb_index_hash(struct span key)
{
	uint32_t hash = 5381;

	for (size_t index = 0; index < key.length; index++)
		hash = (hash + (hash << 5)) ^ (unsigned char)key.bytes[index];
	return hash;
}

static struct cdb_block *new_block(struct cdb_block *newest)
{
	bool is_large = newest && newest->next && newest->next->next;
	size_t size = is_large ? LARGE_BLOCK : SMALL_BLOCK;
	struct cdb_block *block = aligned_alloc(size, size);

	if (!block)
		return NULL;
	if (is_large)
		madvise(block, size, MADV_HUGEPAGE);
	*block = (struct cdb_block){newest, size, sizeof(*block)};
	return block;
}

static struct cdb_chunk *new_chunk(struct cdb_index *index)
{
	struct cdb_block *block = index->blocks;
	struct cdb_chunk *chunk;

	if (!block || block->size - block->used < sizeof(*chunk)) {
		block = new_block(block);
		if (!block)
			return NULL;
		index->blocks = block;
	}
	chunk = (struct cdb_chunk *)(void *)((char *)block + block->used);
	block->used += sizeof(*chunk);
	chunk->next = NULL;
	chunk->count = 0;
	return chunk;
}

int cdb_index_add(struct cdb_index *index, struct cdb_entry entry)
{
	struct cdb_bucket *bucket = &index->buckets[entry.hash & 255];
	struct cdb_chunk *chunk = bucket->last;

	if (!chunk || chunk->count == CHUNK_ENTRIES) {
		chunk = new_chunk(index);
		if (!chunk)
			return -1;
		if (bucket->last)
			bucket->last->next = chunk;
		else
			bucket->first = chunk;
		bucket->last = chunk;
	}
	chunk->entries[chunk->count++] = entry;
	bucket->count++;
	index->count++;
	return 0;
}

/* Room for the largest table. */
static int take_room(struct cdb_index *index)
{
	size_t largest = 1;

	for (unsigned table = 0; table < 256; table++)
		if (index->buckets[table].count > largest)
			largest = index->buckets[table].count;
	index->slots = reallocarray(NULL, largest * 2, sizeof(*index->slots));
	index->next = reallocarray(NULL, largest * 2, sizeof(*index->next));
	return index->slots && index->next ? 0 : -1;
}

/* next holds for each slot where to go on searching for a free one from there: many equal keys
 * would otherwise be passed over one by one each time. */
static int insert(struct cdb_index *index, uint32_t count, const struct cdb_entry *entry,
		  const struct cdb_index_keys *keys)
{
	struct cdb_entry *slots = index->slots;
	uint32_t start = (entry->hash >> 8) % count, place = start;

	for (; slots[place].position; place = place + 1 == count ? 0 : place + 1) {
		int is_same = 0;

		if (slots[place].hash == entry->hash)
			is_same = keys->compare(keys->world, &slots[place], entry);
		if (is_same == -1)
			return -1;
		if (is_same)
			break;
	}
	if (slots[place].position) {
		place = index->next[start];
		while (slots[place].position)
			place = place + 1 == count ? 0 : place + 1;
		index->next[start] = place;
	}
	slots[place] = *entry;
	return 0;
}

const struct cdb_entry *cdb_index_table(struct cdb_index *index, unsigned table, uint32_t *count,
					const struct cdb_index_keys *keys)
{
	const struct cdb_bucket *bucket = &index->buckets[table];

	if (!index->slots && take_room(index) == -1)
		return NULL;
	*count = bucket->count * 2;
	memset(index->slots, 0, *count * sizeof(*index->slots));
	for (uint32_t place = 0; place < *count; place++)
		index->next[place] = place;
	for (const struct cdb_chunk *chunk = bucket->first; chunk; chunk = chunk->next)
		for (unsigned place = 0; place < chunk->count; place++)
			if (insert(index, *count, &chunk->entries[place], keys) == -1)
				return NULL;
	return index->slots;
}

void cdb_index_free(struct cdb_index *index)
{
	while (index->blocks) {
		struct cdb_block *block = index->blocks;

		index->blocks = block->next;
		free(block);
	}
	free(index->slots);
	free(index->next);
	*index = (struct cdb_index){.count = 0};
}
