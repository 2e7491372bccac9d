#include "host/entries.h"

#include <stdlib.h>
#include <string.h>

#include "unix/control.h"

enum verdict entries_read(struct entries *entries, const char *name, struct text *why)
{
	enum verdict verdict;

	memset(entries, 0, sizeof(*entries));
	text_init_short(&entries->contents, entries->short_contents,
			sizeof(entries->short_contents), CONTROL_LARGEST);
	verdict = control_read(name, &entries->contents, why);
	entries->exists = verdict == VERDICT_YES;
	return verdict;
}

/* The names asked for are the client's, but the entries, and so the collisions, are not. */
static size_t hash(struct span name)
{
	uint32_t value = 5381;

	for (size_t index = 0; index < name.length; index++)
		value = value * 33 ^ (unsigned char)byte_fold(name.bytes[index]);
	return value ^ value >> 15;
}

static struct span entry_at(const struct entries *entries, uint32_t slot)
{
	struct span entry = span_tail(text_span(&entries->contents), slot - 1);

	return span_trim_end(span_head(entry, span_find(entry, '\n')));
}

/* The slot that holds an entry, or the free one where it would be. */
static uint32_t *slot_of(const struct entries *entries, struct span name)
{
	size_t index = hash(name) & entries->mask;

	while (entries->slots[index] &&
	       !span_equal_folded(entry_at(entries, entries->slots[index]), name))
		index = (index + 1) & entries->mask;
	return &entries->slots[index];
}

static bool build(struct entries *entries)
{
	struct span rest = text_span(&entries->contents), entry;
	size_t count = 0, size = ENTRIES_FEW;

	while (control_next(&rest, &entry, NULL))
		count++;
	while (size < 2 * count)
		size *= 2;
	entries->slots =
		size == ENTRIES_FEW ? entries->few_slots : calloc(size, sizeof(*entries->slots));
	if (!entries->slots)
		return false;
	entries->mask = size - 1;
	rest = text_span(&entries->contents);
	while (control_next(&rest, &entry, NULL)) {
		uint32_t *slot = slot_of(entries, entry);

		if (!*slot) /* of equal entries the first is the one to name */
			*slot = (uint32_t)(entry.bytes - entries->contents.bytes) + 1;
	}
	return true;
}

enum verdict entries_find(struct entries *entries, struct span name)
{
	if (name.length == 0 || entries->contents.length == 0)
		return VERDICT_NO;
	if (!entries->slots && !build(entries))
		return VERDICT_LATER;
	return *slot_of(entries, name) ? VERDICT_YES : VERDICT_NO;
}

unsigned entries_line(struct entries *entries, struct span name)
{
	struct span before;
	unsigned line = 1;

	if (entries_find(entries, name) != VERDICT_YES)
		return 0;
	before = span_head(text_span(&entries->contents), *slot_of(entries, name) - 1);
	for (size_t index = 0; index < before.length; index++)
		line += before.bytes[index] == '\n';
	return line;
}

static enum verdict find_in_world(void *world, struct span key, struct span *data)
{
	*data = (struct span){NULL, 0};
	return entries_find(world, key);
}

struct lookup entries_lookup(struct entries *entries)
{
	return (struct lookup){entries, find_in_world};
}

void entries_free(struct entries *entries)
{
	if (entries->slots != entries->few_slots)
		free(entries->slots);
	text_free(&entries->contents);
	memset(entries, 0, sizeof(*entries));
}
