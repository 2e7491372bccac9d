/*
 * Any bytes as a file of rules: each line is one that is compiled to bounded records, or has a
 * reason why it is not; an address that was normalised stays as it is when it is read again; and a
 * record can be shown as a line that compiles to it.
 */
#include <assert.h>

#include "rules/decompile.h"
#include "rules/prefix.h"
#include "rules/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define MOST_KEYS 256 /* of a range */

/* Items end in NUL, and begin with what readers know, unless the line has NULs itself. */
static void check_data(struct span data, bool has_nul)
{
	assert(data.length == 0 || data.bytes[data.length - 1] == '\0');
	while (data.length && !has_nul) {
		assert(data.bytes[0] == 'D' || data.bytes[0] == '+');
		data = span_tail(data, span_find(data, '\0') + 1);
	}
}

static void check_again(const struct rule *rule, struct span key, struct text *why)
{
	struct text room, copy;
	struct pattern again;
	struct span same;

	text_init(&room, RULE_LONGEST_LINE + PATTERN_EXTRA);
	text_init(&copy, RULE_LONGEST_LINE + PATTERN_EXTRA);
	text_add(&copy, key);
	assert(pattern_read(text_span(&copy), &again, &room, why));
	assert(pattern_next_key(&again, &room, &same));
	assert(span_equal(same, text_span(&copy)));
	assert(again.is_indexed == rule->pattern.is_indexed);
	assert(again.version == rule->pattern.version || !again.is_indexed);
	assert(again.prefix_length == rule->pattern.prefix_length || !again.is_indexed);
	assert(!span_equal(key, SPAN(PREFIX_INDEX_KEY)));
	text_free(&room);
	text_free(&copy);
}

/* Of a line without NULs, and so short that what is shown of it is no line too long either. A key
 * that a range gave may look like a range itself, and then no line shows it. */
static void check_shown(struct rule *reader, struct span key, struct span data)
{
	struct text line;

	text_init(&line, 2 * RULE_LONGEST_LINE);
	assert(decompile(reader, NULL, key, data, &line));
	assert(span_find(text_span(&line), '\n') == line.length - 1);
	text_free(&line);
}

static void check_good(struct rule *rule, struct rule *reader, struct span line, struct text *why)
{
	bool has_nul = span_find(line, '\0') < line.length;
	unsigned count = 0;
	struct span key;

	check_data(text_span(&rule->data), has_nul);
	while (rule_next_key(rule, &key)) {
		assert(++count <= MOST_KEYS);
		if (!has_nul && line.length < 1000 && !rule->pattern.has_number)
			check_shown(reader, key, text_span(&rule->data));
		if (!rule->pattern.has_number)
			check_again(rule, key, why);
	}
	assert(count > 0 || rule->pattern.flaw);
	assert(!rule->data.failed && !rule->room.failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span rest = {(const char *)bytes, size}, line;
	struct rule rule, reader;
	struct text why;

	if (!rule_init(&rule))
		return 0;
	if (!rule_init(&reader)) {
		rule_free(&rule);
		return 0;
	}
	text_init(&why, 1000);
	while (span_next_line(&rest, &line)) {
		text_clear(&why);
		line = span_head(line, RULE_LONGEST_LINE);
		switch (rule_read(&rule, line, &why)) {
		case RULE_NONE: break;
		case RULE_GOOD:
			assert(why.length == 0);
			check_good(&rule, &reader, line, &why);
			break;
		case RULE_MALFORMED: assert(why.length > 0); break;
		}
		for (size_t index = 0; index < rule.warning_count; index++)
			assert(rule.warnings[index][0]);
	}
	text_free(&why);
	rule_free(&rule);
	rule_free(&reader);
	return 0;
}
