#include "explain/rules_diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/item.h"
#include "base/page.h"
#include "explain/network.h"
#include "rules/match.h"
#include "rules/prefix.h"

#define LONGEST_KEY (2 * MATCH_LONGEST + 2) /* INFO, '@', '=' and HOST */

enum change {
	CHANGE_NONE,
	CHANGE_ACCESS_GAINED,
	CHANGE_ACCESS_GAINED_AND_RELAY,
	CHANGE_ACCESS_LOST,
	CHANGE_RELAY_GAINED,
	CHANGE_RELAY_LOST,
	CHANGE_OTHER,
};

static const char *const words[] = {
	[CHANGE_NONE] = "",
	[CHANGE_ACCESS_GAINED] = "gains access",
	[CHANGE_ACCESS_GAINED_AND_RELAY] = "gains access and RELAYCLIENT",
	[CHANGE_ACCESS_LOST] = "loses access",
	[CHANGE_RELAY_GAINED] = "gains RELAYCLIENT",
	[CHANGE_RELAY_LOST] = "loses RELAYCLIENT",
	[CHANGE_OTHER] = "gets other variables",
};

struct borders {
	struct address *list; /* each is the first address behind a border */
	size_t count, capacity;
};

struct difference {
	struct cdb_file *old, *new;
	struct borders borders;
	struct text *lines;
	bool is_found, failed;
};

/* --- one decision --- */

static bool relays(struct span data)
{
	return item_find_value(data, "RELAYCLIENT") != NULL;
}

static enum change compare(struct span old, struct span new)
{
	bool was_denied = item_denies(old), is_denied = item_denies(new);

	if (was_denied && is_denied)
		return CHANGE_NONE;
	if (is_denied)
		return CHANGE_ACCESS_LOST;
	if (was_denied)
		return relays(new) ? CHANGE_ACCESS_GAINED_AND_RELAY : CHANGE_ACCESS_GAINED;
	if (relays(old) != relays(new))
		return relays(new) ? CHANGE_RELAY_GAINED : CHANGE_RELAY_LOST;
	return span_equal(old, new) ? CHANGE_NONE : CHANGE_OTHER;
}

/* The data of the rule for a client: nothing when there is none. It stays until the next question
 * to that database. */
static struct span decide(struct difference *difference, struct cdb_file *file,
			  const struct match_client *client)
{
	struct lookup lookup = cdb_file_lookup(file);
	struct match match = {.data = {NULL, 0}};
	enum verdict verdict;

	text_init(&match.key, 2 * MATCH_LONGEST + 2);
	verdict = match_find(&lookup, client, &match);
	text_free(&match.key);
	if (verdict == VERDICT_LATER)
		difference->failed = true;
	return verdict == VERDICT_YES ? match.data : (struct span){NULL, 0};
}

static enum change change_for(struct difference *difference, const struct match_client *client)
{
	struct span old = decide(difference, difference->old, client);

	return compare(old, decide(difference, difference->new, client));
}

/* --- borders --- */

static void add_border(struct difference *difference, const struct address *address)
{
	struct borders *borders = &difference->borders;

	if (borders->count == borders->capacity) {
		size_t capacity = borders->capacity ? 2 * borders->capacity : 1024;
		struct address *list = realloc(borders->list, capacity * sizeof(*list));

		if (!list) {
			difference->failed = true;
			return;
		}
		borders->list = list;
		borders->capacity = capacity;
	}
	borders->list[borders->count++] = *address;
}

/* Add 1, or take 1 away, at the end of the first so many bits. False when it wraps around. */
static bool step(struct address *address, unsigned prefix_length, bool is_up)
{
	for (unsigned index = (prefix_length + 7) / 8; index-- > 0;) {
		unsigned unit =
			index == (prefix_length - 1) / 8 ? 1U << (7 - (prefix_length - 1) % 8) : 1;
		unsigned byte = address->bytes[index];

		address->bytes[index] = (uint8_t)(is_up ? byte + unit : byte - unit);
		if (is_up ? byte + unit <= 255 : byte >= unit)
			return true;
	}
	return false;
}

static void add_network(struct difference *difference, struct span key)
{
	struct network network = network_read(key);
	struct address first;

	if (network.kind != NETWORK_ADDRESSES || network.has_info)
		return;
	first = address_prefix(&network.address, network.prefix_length);
	add_border(difference, &first);
	if (step(&first, network.prefix_length, true))
		add_border(difference, &first);
}

static int compare_addresses(const void *left, const void *right)
{
	const struct address *one = left, *other = right;

	if (one->version != other->version)
		return one->version < other->version ? -1 : 1;
	return memcmp(one->bytes, other->bytes, sizeof(one->bytes));
}

static void sort_borders(struct borders *borders)
{
	size_t kept = 0;

	qsort(borders->list, borders->count, sizeof(*borders->list), compare_addresses);
	for (size_t index = 0; index < borders->count; index++)
		if (kept == 0 || !address_equal(&borders->list[kept - 1], &borders->list[index]))
			borders->list[kept++] = borders->list[index];
	borders->count = kept;
}

/* --- lines --- */

static bool is_prefix(const struct address *first, const struct address *last, unsigned *length)
{
	for (*length = 0; *length < address_bits(first); ++*length) {
		struct address start = address_prefix(first, *length), end = start;

		if (!address_equal(&start, first))
			continue;
		if (*length == 0 || !step(&end, *length, true)) /* up to the last of all */
			memset(end.bytes, 0, sizeof(end.bytes));
		step(&end, address_bits(first), false);
		if (address_equal(&end, last))
			return true;
	}
	return false;
}

static void write_range(struct difference *difference, const struct address *first,
			const struct address *last, enum change change)
{
	struct text *lines = difference->lines;
	char text[ADDRESS_TEXT];
	unsigned length;

	if (change == CHANGE_NONE)
		return;
	difference->is_found = true;
	address_write(first, text);
	text_add_string(lines, text);
	if (!address_equal(first, last)) {
		if (is_prefix(first, last, &length)) {
			text_add_byte(lines, '/');
			text_add_number(lines, length);
		} else {
			address_write(last, text);
			text_add_string(lines, " to ");
			text_add_string(lines, text);
		}
	}
	text_add_byte(lines, ' ');
	text_add_string(lines, words[change]);
	text_add_byte(lines, '\n');
}

/* Neighbours with the same change are one block. */
static void walk_borders(struct difference *difference)
{
	const struct borders *borders = &difference->borders;
	struct address first = {.version = 0}, last;
	enum change open = CHANGE_NONE;

	for (size_t index = 0; index < borders->count && !difference->failed; index++) {
		const struct address *border = &borders->list[index];
		char ip[ADDRESS_TEXT];
		struct match_client client = {ip, NULL, NULL};
		enum change change;

		address_write(border, ip);
		change = change_for(difference, &client);
		if (first.version == border->version && change == open)
			continue;
		if (first.version) {
			last = *border;
			if (first.version != border->version)
				last = (struct address){.version = first.version};
			step(&last, address_bits(&last), false);
			write_range(difference, &first, &last, open);
		}
		first = *border;
		open = change;
	}
	if (first.version == 0 || difference->failed)
		return;
	last = (struct address){.version = first.version};
	step(&last, address_bits(&last), false);
	write_range(difference, &first, &last, open);
}

/* --- names --- */

/* The client whom a rule about a name or an ident answer is for, and who asks for its key first. */
struct named {
	struct match_client client;
	size_t length;
	char key[LONGEST_KEY], parts[LONGEST_KEY + 1]; /* parts: the same, cut at the last '@' */
};

/* No rule speaks of this address, as none has a colon and is no address of IPv6. */
#define NO_ADDRESS ":"

/* False for the key of another rule, and for one that no client asks for. */
static bool read_named(struct span key, struct named *named)
{
	struct network network = network_read(key);
	size_t at = span_find_last(key, '@');
	struct span info = span_head(key, network.has_info ? at : 0);
	struct span rest = span_tail(key, network.has_info ? at + 1 : 0);
	char *text;

	if (network.kind == NETWORK_NAMES
		    ? network.has_info && span_byte(rest, 1) == '.'
		    : !network.has_info || network.kind != NETWORK_ADDRESSES ||
			      network.prefix_length != address_bits(&network.address))
		return false;
	if (info.length > MATCH_LONGEST || rest.length > MATCH_LONGEST + 1 ||
	    span_find(key, '\0') < key.length)
		return false;
	named->length = key.length;
	memcpy(named->key, key.bytes, key.length);
	memcpy(named->parts, key.bytes, key.length);
	named->parts[key.length] = '\0';
	if (network.has_info)
		named->parts[at] = '\0';
	text = named->parts + (key.length - rest.length);
	named->client.info = network.has_info ? named->parts : NULL;
	named->client.ip = network.kind == NETWORK_NAMES ? NO_ADDRESS : text;
	named->client.host = network.kind == NETWORK_NAMES ? text + 1 : NULL;
	return true;
}

/* Whether the record at this position is the one to tell of: the first with its key, as no later
 * one counts, and not in the old rules when it is in the new ones. */
static bool is_to_tell(struct difference *difference, struct cdb_file *file, struct span key,
		       unsigned end)
{
	struct span data;
	enum verdict here = cdb_file_find(file, key, &data), there = VERDICT_NO;

	if (here == VERDICT_YES && cdb_file_found_end(file) != end)
		return false;
	if (file == difference->new)
		there = cdb_file_find(difference->old, key, &data);
	difference->failed |= here == VERDICT_LATER || there == VERDICT_LATER;
	return here == VERDICT_YES && there == VERDICT_NO;
}

static void compare_named(struct difference *difference, const struct named *named,
			  struct cdb_file *file, unsigned end)
{
	struct span key = {named->key, named->length};
	enum change change;

	if (!is_to_tell(difference, file, key, end))
		return;
	change = change_for(difference, &named->client);
	if (change == CHANGE_NONE)
		return;
	difference->is_found = true;
	page_add(difference->lines, key);
	text_add_byte(difference->lines, ' ');
	text_add_string(difference->lines, words[change]);
	text_add_byte(difference->lines, '\n');
}

static void walk_records(struct difference *difference, struct cdb_file *file)
{
	unsigned position = CDB_FILE_FIRST_RECORD;
	struct named named;
	struct span key, data;
	enum verdict verdict;

	while ((verdict = cdb_file_next(file, &position, &key, &data)) == VERDICT_YES &&
	       !difference->failed) {
		if (span_equal(key, SPAN(PREFIX_INDEX_KEY)))
			continue;
		add_network(difference, key);
		if (read_named(key, &named))
			compare_named(difference, &named, file, position);
	}
	difference->failed |= verdict == VERDICT_LATER;
}

enum verdict rules_diff(struct cdb_file *old, struct cdb_file *new, struct text *lines)
{
	struct difference difference = {.old = old, .new = new, .lines = lines};
	static const struct address everybody[] = {{.version = 4}, {.version = 6}};

	errno = 0;
	walk_records(&difference, old);
	walk_records(&difference, new);
	add_border(&difference, &everybody[0]);
	add_border(&difference, &everybody[1]);
	if (!difference.failed) {
		sort_borders(&difference.borders);
		walk_borders(&difference);
	}
	free(difference.borders.list);
	if (difference.failed || lines->failed) {
		if (errno == 0)
			errno = lines->failed ? ENOMEM : EPROTO;
		return VERDICT_LATER;
	}
	return difference.is_found ? VERDICT_YES : VERDICT_NO;
}
