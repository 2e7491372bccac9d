/*
 * record: every question that is put to lookups while something is decided, and its answer.
 *
 * A recording stands in front of a lookup: it asks it and writes down what was asked. So whoever
 * decides with recordings decides as without them, and how he decided can be told afterwards.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/lookup.h"
#include "base/span.h"
#include "base/text.h"

struct record_entry {
	const char *list; /* whom the question was put to */
	size_t start, length;
	enum verdict verdict;
};

struct record {
	struct record_entry *entries; /* in the order in which they were asked */
	size_t count, capacity;
	struct text keys;
	bool failed; /* memory was short, and questions are missing */
};

/* One lookup that is watched. The record and the name of the list must stay. */
struct recording {
	struct record *record;
	const char *list;
	struct lookup real;
};

/* Take no memory yet. */
void record_init(struct record *record);

/* Forget all questions, keep the memory. */
void record_clear(struct record *record);

void record_free(struct record *record);

/* The lookup that asks the recording's real one and writes it down; the recording is its world. */
struct lookup record_lookup(struct recording *recording);

/* The key of an entry; it stays until the next question. */
struct span record_key(const struct record *record, size_t index);

#endif
