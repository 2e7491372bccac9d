#include "rules/source.h"

#include <stdlib.h>

#define MOST_TEXTS (64 * 1024 * 1024) /* bytes */

/* No address has a rule, but every prefix length occurs: so match_find asks for all it could. */
static enum verdict find_nothing(void *world, struct span key, struct span *data)
{
	struct source *source = world;

	if (!span_equal(key, SPAN(PREFIX_INDEX_KEY)))
		return VERDICT_NO;
	*data = text_span(&source->index);
	return source->index.failed ? VERDICT_LATER : VERDICT_YES;
}

static bool find_wanted(struct source *source, const struct match_client *client)
{
	struct recording recording = {&source->wanted, "", {source, find_nothing}};
	struct lookup lookup = record_lookup(&recording);
	struct prefix_lengths all = {.has_4 = {false}};
	struct match match = {.data = {NULL, 0}};

	for (unsigned length = 0; length < 128; length++) {
		if (length < 32 && prefix_is_indexed(4, length))
			prefix_lengths_add(&all, 4, length);
		if (prefix_is_indexed(6, length))
			prefix_lengths_add(&all, 6, length);
	}
	prefix_lengths_write(&all, &source->index);
	text_init(&match.key, 2 * MATCH_LONGEST + 2);
	if (match_find(&lookup, client, &match) == VERDICT_LATER || source->wanted.failed)
		return false;
	text_free(&match.key);
	return true;
}

bool source_init(struct source *source, const struct match_client *client,
		 const struct source_compiled *compiled)
{
	*source = (struct source){.compiled = compiled, .state = VERDICT_YES};
	record_init(&source->wanted);
	text_init(&source->texts, MOST_TEXTS);
	text_init(&source->index, 1000);
	if (!rule_init(&source->rule) || (client && !find_wanted(source, client)))
		return false;
	text_clear(&source->index);
	source->found = calloc(source->wanted.count + 1, sizeof(*source->found));
	return source->found != NULL;
}

void source_free(struct source *source)
{
	rule_free(&source->rule);
	record_free(&source->wanted);
	text_free(&source->texts);
	text_free(&source->index);
	free(source->found);
}

/* Hold one record against the next one of the database. After the first difference nothing more is
 * to be learned. */
static void compare(struct source *source, struct span key, struct span data, uint64_t number)
{
	struct span other_key, other_data;

	if (!source->compiled || source->differs || source->state != VERDICT_YES)
		return;
	source->state = source->compiled->next(source->compiled->world, &other_key, &other_data);
	if (source->state == VERDICT_NO ||
	    (source->state == VERDICT_YES &&
	     (!span_equal(key, other_key) || !span_equal(data, other_data)))) {
		source->differs = true;
		source->first_different = number;
		source->index_differs = span_equal(key, SPAN(PREFIX_INDEX_KEY)) &&
					(source->state == VERDICT_NO || span_equal(key, other_key));
	}
}

static void keep(struct source *source, size_t index, struct span line, uint64_t number)
{
	struct source_rule *rule = &source->found[index];
	struct span data = text_span(&source->rule.data);

	rule->number = number;
	rule->data_start = source->texts.length;
	rule->data_length = data.length;
	text_add(&source->texts, data);
	rule->line_start = source->texts.length;
	rule->line_length = line.length;
	text_add(&source->texts, line);
}

/* The index of an address among the wanted; their count when it is not. */
static size_t wanted_index(const struct source *source, struct span key)
{
	size_t index = 0;

	while (index < source->wanted.count &&
	       (source->wanted.entries[index].length != key.length ||
		!span_equal(record_key(&source->wanted, index), key)))
		index++;
	return index;
}

enum rule_kind source_take(struct source *source, struct span line, uint64_t number,
			   struct text *why)
{
	struct rule *rule = &source->rule;
	enum rule_kind kind = rule_read(rule, line, why);
	struct span key;

	if (kind != RULE_GOOD)
		return kind;
	while (rule_next_key(rule, &key)) {
		size_t index = wanted_index(source, key);

		if (index < source->wanted.count && source->found[index].number == 0)
			keep(source, index, span_trim_end(line), number);
		compare(source, key, text_span(&rule->data), number);
	}
	if (rule->pattern.is_indexed)
		prefix_lengths_add(&source->lengths, rule->pattern.version,
				   rule->pattern.prefix_length);
	return kind;
}

void source_finish(struct source *source)
{
	struct span key, data;

	text_clear(&source->index);
	prefix_lengths_write(&source->lengths, &source->index);
	if (source->index.length)
		compare(source, SPAN(PREFIX_INDEX_KEY), text_span(&source->index), 0);
	if (!source->compiled || source->differs || source->state != VERDICT_YES)
		return;
	source->state = source->compiled->next(source->compiled->world, &key, &data);
	source->differs = source->state == VERDICT_YES;
}

static enum verdict find(void *world, struct span key, struct span *data)
{
	struct source *source = world;
	size_t index;

	if (source->texts.failed || source->index.failed)
		return VERDICT_LATER;
	if (span_equal(key, SPAN(PREFIX_INDEX_KEY))) {
		*data = text_span(&source->index);
		return source->index.length ? VERDICT_YES : VERDICT_NO;
	}
	index = wanted_index(source, key);
	if (index == source->wanted.count || source->found[index].number == 0)
		return VERDICT_NO;
	*data = (struct span){source->texts.bytes + source->found[index].data_start,
			      source->found[index].data_length};
	return VERDICT_YES;
}

struct lookup source_lookup(struct source *source)
{
	return (struct lookup){source, find};
}

uint64_t source_line(const struct source *source, struct span key, struct span *line)
{
	size_t index = wanted_index(source, key);

	if (index == source->wanted.count || source->found[index].number == 0)
		return 0;
	*line = (struct span){source->texts.bytes + source->found[index].line_start,
			      source->found[index].line_length};
	return source->found[index].number;
}
