/*
 * Any client and any rules, the index of prefix lengths among them: what is asked for is bounded in
 * number and size, the answer is what the lookup gave for the key, and rules that cannot be read
 * are never taken for rules that allow.
 *
 * The input is ip, info and host, each ended by NUL, '-' for one that is not set; then a byte that
 * says at which question reading fails; then the data of the index ended by LF, where '|' is NUL;
 * then keys of rules, one a line.
 */
#include <assert.h>

#include "base/item.h"
#include "rules/match.h"
#include "rules/prefix.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct rules {
	struct span index, keys;
	bool has_index;
	unsigned asked, failing; /* 0: none fails */
};

static enum verdict find(void *world, struct span key, struct span *data)
{
	struct rules *rules = world;
	struct span rest = rules->keys, line;

	assert(key.length <= 2 * MATCH_LONGEST + 2);
	if (++rules->asked == rules->failing)
		return VERDICT_LATER;
	if (span_equal(key, SPAN(PREFIX_INDEX_KEY))) {
		*data = rules->index;
		return rules->has_index ? VERDICT_YES : VERDICT_NO;
	}
	while (span_next_line(&rest, &line))
		if (span_equal(line, key)) {
			*data = line;
			return VERDICT_YES;
		}
	return VERDICT_NO;
}

static bool take_word(struct span *rest, const char **word)
{
	size_t end = span_find(*rest, '\0');

	if (end == rest->length)
		return false;
	*word = span_equal(span_head(*rest, end), SPAN("-")) ? NULL : rest->bytes;
	*rest = span_tail(*rest, end + 1);
	return true;
}

static void check(const struct match_client *client, struct rules *rules)
{
	struct lookup lookup = {rules, find};
	struct match match = {.data = {NULL, 0}};
	enum verdict verdict;

	text_init(&match.key, 2 * MATCH_LONGEST + 2);
	verdict = match_find(&lookup, client, &match);
	/* Four questions for whole names, one for the index, prefixes or dots, suffixes, two. */
	assert(rules->asked <= 4 + 1 + MATCH_LONGEST + MATCH_LONGEST + 2);
	if (rules->failing && rules->asked >= rules->failing)
		assert(verdict == VERDICT_LATER);
	if (verdict == VERDICT_YES) {
		assert(span_equal(text_span(&match.key), match.data));
		item_denies(match.data);
	}
	text_free(&match.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span rest = {(const char *)bytes, size}, line = {NULL, 0};
	struct rules rules = {.has_index = false};
	struct match_client client;
	struct text index;

	if (!take_word(&rest, &client.ip) || !take_word(&rest, &client.info) ||
	    !take_word(&rest, &client.host) || rest.length == 0)
		return 0;
	rules.failing = (unsigned char)rest.bytes[0];
	rest = span_tail(rest, 1);
	text_init(&index, 1024 * 1024);
	if (span_next_line(&rest, &line) && line.length) {
		text_add(&index, line);
		for (size_t place = 0; place < index.length; place++)
			if (index.bytes[place] == '|')
				index.bytes[place] = '\0';
		rules.has_index = true;
		rules.index = text_span(&index);
	}
	rules.keys = rest;
	item_denies(line);
	check(&client, &rules);
	text_free(&index);
	return 0;
}
