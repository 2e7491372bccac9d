/*
 * Any bytes as a compiled database. What is found in it is what is there: a reader of the target's
 * own, to which the file is an array that ends somewhere, answers the same or the file counts as
 * damaged, and the decisions of rules and of control lists are the same by either. The bytes lie
 * before a page that cannot be read, so no read beyond their end passes unseen.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/policy.h"
#include "queue/route.h"
#include "rules/decompile.h"
#include "rules/match.h"
#include "unix/cdb_file.h"
#include "unix/cdb_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room) __attribute__((weak));

#define HEADER	   2048		/* bytes */
#define LARGEST	   (256 * 1024) /* bytes of a file */
#define LARGE_PAGE (64 * 1024)	/* no machine's page is larger */

/* --- the array --- */

static uint64_t word(struct span bytes, uint64_t place)
{
	uint64_t value = 0;

	if (place + 4 > bytes.length)
		return UINT64_MAX;
	for (unsigned byte = 4; byte-- > 0;)
		value = value << 8 | (unsigned char)bytes.bytes[place + byte];
	return value;
}

/* The record at a place. LATER: it is not all there. */
static enum verdict array_record(struct span bytes, uint64_t place, struct span *key,
				 struct span *data)
{
	uint64_t key_length = word(bytes, place), data_length = word(bytes, place + 4);

	if (place + 8 > bytes.length || place + 8 + key_length + data_length > bytes.length)
		return VERDICT_LATER;
	*key = span_head(span_tail(bytes, (size_t)(place + 8)), (size_t)key_length);
	*data = span_head(span_tail(bytes, (size_t)(place + 8 + key_length)), (size_t)data_length);
	return VERDICT_YES;
}

static enum verdict array_find(void *world, struct span key, struct span *data)
{
	struct span bytes = *(struct span *)world, found;
	uint32_t hash = cdb_index_hash(key);
	uint64_t table = word(bytes, hash % 256 * 8), slots = word(bytes, hash % 256 * 8 + 4);
	uint64_t slot = slots ? (hash >> 8) % slots : 0;

	for (uint64_t tried = 0; tried < slots; tried++, slot = (slot + 1) % slots) {
		uint64_t place = table + 8 * slot, record = word(bytes, place + 4);

		if (place + 8 > bytes.length)
			return VERDICT_LATER;
		if (record == 0)
			return VERDICT_NO;
		if (word(bytes, place) != hash || word(bytes, record) != key.length)
			continue;
		found = span_head(span_tail(bytes, (size_t)(record + 8)), key.length);
		if (found.length == key.length && !span_equal(found, key))
			continue;
		return array_record(bytes, record, &found, data);
	}
	return VERDICT_NO;
}

/* --- the file --- */

/* The bytes again, behind which nothing can be read. */
static struct span guarded(const uint8_t *bytes, size_t size)
{
	static char *room;

	if (!room) {
		room = mmap(NULL, LARGEST + LARGE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert(room != MAP_FAILED);
		assert(mprotect(room + LARGEST, LARGE_PAGE, PROT_NONE) == 0);
	}
	memcpy(room + LARGEST - size, bytes, size);
	return (struct span){room + LARGEST - size, size};
}

static int open_file(struct cdb_file *file, const uint8_t *bytes, size_t size)
{
	static int memory = -1;
	char path[64];

	if (memory == -1)
		memory = memfd_create("cdb", MFD_CLOEXEC);
	assert(memory != -1 && ftruncate(memory, (off_t)size) == 0);
	assert(pwrite(memory, bytes, size, 0) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory);
	return cdb_file_open(file, path);
}

static bool has_no_slots(const uint8_t *bytes)
{
	unsigned any = 0;

	for (unsigned place = 0; place < HEADER; place++)
		any |= place % 8 < 4 ? 0u : bytes[place];
	return any == 0;
}

static void check_key(struct cdb_file *file, struct span array, struct span key)
{
	struct span by_file, by_array;
	enum verdict verdict;

	if (key.length >= HEADER)
		return;
	verdict = cdb_file_find(file, key, &by_file);
	if (verdict == VERDICT_LATER)
		return;
	assert(verdict == array_find(&array, key, &by_array));
	assert(verdict == VERDICT_NO || span_equal(by_file, by_array));
}

/* Walk along all the records, show each as tcprules does, and find it again. */
static void check_records(struct cdb_file *file, struct span array)
{
	unsigned position = CDB_FILE_FIRST_RECORD, before = position, count = 0;
	struct span key, data, key_there, data_there;
	struct rule reader;
	struct text line, copy;
	enum verdict verdict;

	if (!rule_init(&reader))
		return;
	text_init(&line, 2 * LARGEST);
	text_init(&copy, LARGEST);
	while ((verdict = cdb_file_next(file, &position, &key, &data)) == VERDICT_YES) {
		assert(++count <= array.length / 8);
		assert(position == before + 8 + key.length + data.length);
		assert(array_record(array, before, &key_there, &data_there) == VERDICT_YES);
		assert(span_equal(key, key_there) && span_equal(data, data_there));
		before = position;
		text_clear(&line);
		if (decompile(&reader, NULL, key, data, &line))
			assert(span_find(text_span(&line), '\n') == line.length - 1);
		else
			assert(line.length == 0);
		text_clear(&copy);
		text_add(&copy, key);
		check_key(file, array, text_span(&copy));
	}
	assert(verdict == VERDICT_LATER || position <= array.length);
	text_free(&copy);
	text_free(&line);
	rule_free(&reader);
}

/* --- who asks it --- */

static void check_match(const struct lookup *file, const struct lookup *array)
{
	static const struct match_client clients[] = {
		{"192.0.2.1", NULL, NULL},
		{"10.1.2.3", "ann", "host.example.org"},
		{"2001:db8::1", NULL, "example.org"},
	};

	for (size_t index = 0; index < sizeof(clients) / sizeof(clients[0]); index++) {
		struct match by_file = {.data = {NULL, 0}}, by_array = by_file;
		enum verdict verdict;

		text_init(&by_file.key, 2 * MATCH_LONGEST + 2);
		text_init(&by_array.key, 2 * MATCH_LONGEST + 2);
		verdict = match_find(file, &clients[index], &by_file);
		if (verdict != VERDICT_LATER) {
			assert(verdict == match_find(array, &clients[index], &by_array));
			assert(span_equal(text_span(&by_file.key), text_span(&by_array.key)));
			assert(verdict == VERDICT_NO || span_equal(by_file.data, by_array.data));
		}
		text_free(&by_file.key);
		text_free(&by_array.key);
	}
}

static void check_lists(const struct lookup *file, const struct lookup *array)
{
	static const struct span addresses[] = {
		{"ann@example.org", 15},
		{"Bob+x-y@mail.example.org", 24},
	};
	struct span by_file, by_array;
	struct route route;
	enum verdict verdict;
	const char *reason;
	struct text why;

	text_init(&why, 1000);
	for (size_t index = 0; index < sizeof(addresses) / sizeof(addresses[0]); index++) {
		struct span address = addresses[index];
		struct span domain = span_tail(address, span_find(address, '@') + 1);

		verdict = policy_hosted(file, file, domain, &why);
		assert(verdict == VERDICT_LATER ||
		       verdict == policy_hosted(array, NULL, domain, &why));
		verdict = policy_mailbox(file, address);
		assert(verdict == VERDICT_LATER || verdict == policy_mailbox(array, address));
		verdict = route_find(file, address, &by_file);
		assert(verdict == VERDICT_LATER ||
		       verdict == route_find(array, address, &by_array));
		if (verdict == VERDICT_YES) {
			assert(span_equal(by_file, by_array));
			route_read(by_file, &route, &reason);
		}
	}
	text_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct cdb_file file;
	struct lookup by_file, by_array;
	const unsigned char *map;
	struct span array;

	if (size > LARGEST)
		return 0;
	if (open_file(&file, bytes, size) == -1) {
		assert(size < HEADER || (size > HEADER && has_no_slots(bytes)));
		return 0;
	}
	array = guarded(bytes, size);
	map = file.cdb.cdb_mem;
	file.cdb.cdb_mem = (const unsigned char *)array.bytes;
	by_file = cdb_file_lookup(&file);
	by_array = (struct lookup){&array, array_find};
	check_records(&file, array);
	check_match(&by_file, &by_array);
	check_lists(&by_file, &by_array);
	file.cdb.cdb_mem = map;
	cdb_file_close(&file);
	return 0;
}

/* --- what changes the bytes, where a reader looks at them --- */

static uint32_t next(unsigned *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void put(uint8_t *bytes, size_t size, uint64_t place, uint32_t value)
{
	for (unsigned byte = 0; byte < 4 && place + byte < size; byte++, value >>= 8)
		bytes[place + byte] = (uint8_t)value;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
	struct span array = {(const char *)bytes, size}, key, data;
	uint32_t edges[] = {0,
			    1,
			    HEADER,
			    HEADER - 1,
			    UINT32_MAX,
			    UINT32_MAX - 7,
			    1u << 31,
			    1u << 29,
			    (uint32_t)size,
			    (uint32_t)size - 8,
			    (uint32_t)size - 1,
			    (uint32_t)size + 1};
	uint64_t place = next(&seed) % 256 * 8;
	uint32_t edge = edges[next(&seed) % (sizeof(edges) / sizeof(edges[0]))];

	if (size < HEADER || next(&seed) % 3 == 0)
		return LLVMFuzzerMutate ? LLVMFuzzerMutate(bytes, size, room) : size;
	/* A table that has slots: one of its numbers, or one of a slot, or of the record there. */
	for (unsigned tried = 0; tried < 256 && word(array, place + 4) == 0; tried++)
		place = (place + 8) % HEADER;
	if (next(&seed) % 3 && word(array, place + 4)) {
		place = word(array, place) + next(&seed) % word(array, place + 4) * 8;
		if (next(&seed) % 2 && place + 8 <= size)
			place = word(array, place + 4);
	}
	if (next(&seed) % 2)
		edge = (uint32_t)word(array, place) + next(&seed) % 32 - 16;
	put(bytes, size, place + next(&seed) % 2 * 4, edge);
	/* Half the time the key of some record is made to be found. */
	place = HEADER + next(&seed) % (size - HEADER + 1);
	if (next(&seed) % 2 && array_record(array, place, &key, &data) == VERDICT_YES) {
		uint32_t hash = cdb_index_hash(key);
		uint64_t table = word(array, hash % 256 * 8), slots;

		slots = word(array, hash % 256 * 8 + 4);
		if (slots) {
			put(bytes, size, table + (hash >> 8) % slots * 8, hash);
			put(bytes, size, table + (hash >> 8) % slots * 8 + 4, (uint32_t)place);
		}
	}
	return size;
}
