#include "base/record.h"

#include <stdlib.h>

#define MOST_KEYS     (16 * 1024 * 1024) /* bytes */
#define FIRST_ENTRIES 64

void record_init(struct record *record)
{
	*record = (struct record){.count = 0};
	text_init(&record->keys, MOST_KEYS);
}

void record_clear(struct record *record)
{
	record->count = 0;
	record->failed = false;
	text_clear(&record->keys);
}

void record_free(struct record *record)
{
	free(record->entries);
	text_free(&record->keys);
	*record = (struct record){.count = 0};
}

static bool make_room(struct record *record)
{
	size_t capacity = record->capacity ? 2 * record->capacity : FIRST_ENTRIES;
	struct record_entry *entries;

	if (record->count < record->capacity)
		return true;
	entries = realloc(record->entries, capacity * sizeof(*entries));
	if (!entries)
		return false;
	record->entries = entries;
	record->capacity = capacity;
	return true;
}

static void note(const struct recording *recording, struct span key, enum verdict verdict)
{
	struct record *record = recording->record;
	size_t start = record->keys.length;

	text_add(&record->keys, key);
	if (record->keys.failed || !make_room(record)) {
		record->failed = true;
		return;
	}
	record->entries[record->count++] =
		(struct record_entry){recording->list, start, key.length, verdict};
}

static enum verdict find(void *world, struct span key, struct span *data)
{
	const struct recording *recording = world;
	enum verdict verdict = recording->real.find(recording->real.world, key, data);

	note(recording, key, verdict);
	return verdict;
}

struct lookup record_lookup(struct recording *recording)
{
	return (struct lookup){recording, find};
}

struct span record_key(const struct record *record, size_t index)
{
	const struct record_entry *entry = &record->entries[index];

	return (struct span){record->keys.bytes + entry->start, entry->length};
}
