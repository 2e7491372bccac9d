#include "rules/match.h"

#include <string.h>

#include "base/address.h"
#include "rules/prefix.h"

/* INFO, '@', '=' and HOST, or INFO, '@' and IP. */
#define LONGEST_KEY (2 * MATCH_LONGEST + 2)

struct question {
	const struct lookup *lookup;
	struct match *match;
	struct span ip;		/* normalised */
	struct address address; /* when is_address */
	bool is_address;
};

static enum verdict ask(struct question *question, struct span key)
{
	struct match *match = question->match;
	enum verdict verdict = question->lookup->find(question->lookup->world, key, &match->data);

	if (verdict != VERDICT_YES)
		return verdict;
	text_clear(&match->key);
	text_add(&match->key, key);
	return match->key.failed ? VERDICT_LATER : VERDICT_YES;
}

static void read_ip(struct question *question, struct span ip, char text[ADDRESS_TEXT])
{
	question->ip = ip;
	if (!address_read_client(ip, &question->address))
		return;
	question->is_address = true;
	question->ip = (struct span){text, address_write(&question->address, text)};
}

static enum verdict ask_ip(struct question *question)
{
	/* Nobody's address, and the one key that is no rule. */
	if (span_equal(question->ip, SPAN(PREFIX_INDEX_KEY)))
		return VERDICT_NO;
	return ask(question, question->ip);
}

/* What is no address still has the prefixes that end in a dot. */
static enum verdict ask_dotted_prefixes(struct question *question)
{
	struct span prefix = question->ip;
	enum verdict verdict = VERDICT_NO;

	while (prefix.length && verdict == VERDICT_NO) {
		if (prefix.bytes[prefix.length - 1] == '.')
			verdict = ask(question, prefix);
		prefix.length--;
	}
	return verdict;
}

static enum verdict ask_prefixes(struct question *question)
{
	struct lookup lookup = *question->lookup;
	unsigned version = question->address.version;
	struct prefix_lengths lengths = {.has_4 = {false}};
	struct span index;
	enum verdict verdict;

	if (!question->is_address)
		return ask_dotted_prefixes(question);
	verdict = lookup.find(lookup.world, SPAN(PREFIX_INDEX_KEY), &index);
	if (verdict == VERDICT_LATER ||
	    (verdict == VERDICT_YES && !prefix_lengths_read(index, &lengths)))
		return VERDICT_LATER;
	verdict = VERDICT_NO;
	for (unsigned length = address_bits(&question->address); length-- > 0;) {
		char key[PREFIX_KEY];

		if (prefix_is_indexed(version, length) &&
		    !prefix_lengths_have(&lengths, version, length))
			continue;
		verdict = ask(question,
			      (struct span){key, prefix_key(&question->address, length, key)});
		if (verdict != VERDICT_NO)
			break;
	}
	return verdict;
}

/* The '=' comes before each suffix in place: what stood there is not needed any more. */
static enum verdict ask_suffixes(struct question *question, char *equals_host, size_t length)
{
	enum verdict verdict = VERDICT_NO;

	for (size_t dot = 1; dot < length && verdict == VERDICT_NO; dot++) {
		if (equals_host[dot] != '.')
			continue;
		equals_host[dot - 1] = '=';
		verdict = ask(question, (struct span){equals_host + dot - 1, length - dot + 1});
	}
	return verdict == VERDICT_NO ? ask(question, SPAN("=")) : verdict;
}

static size_t append(char *key, size_t length, struct span bytes)
{
	if (bytes.length)
		memcpy(key + length, bytes.bytes, bytes.length);
	return length + bytes.length;
}

enum verdict match_find(const struct lookup *lookup, const struct match_client *client,
			struct match *match)
{
	struct question question = {.lookup = lookup, .match = match};
	struct span ip = span_of(client->ip), info = span_of(client->info);
	struct span host = span_of(client->host);
	char key[LONGEST_KEY], text[ADDRESS_TEXT];
	size_t before = 0, length = 0; /* of "INFO@", and of the key */
	enum verdict verdict = VERDICT_NO;

	if (ip.length > MATCH_LONGEST || info.length > MATCH_LONGEST || host.length > MATCH_LONGEST)
		return VERDICT_LATER;
	read_ip(&question, ip, text);
	if (client->info) {
		before = append(key, append(key, 0, info), SPAN("@"));
		length = append(key, before, question.ip);
		verdict = ask(&question, (struct span){key, length});
	}
	if (client->host)
		length = append(key, append(key, before, SPAN("=")), host);
	if (verdict == VERDICT_NO && client->info && client->host)
		verdict = ask(&question, (struct span){key, length});
	if (verdict == VERDICT_NO)
		verdict = ask_ip(&question);
	if (verdict == VERDICT_NO && client->host)
		verdict = ask(&question, (struct span){key + before, length - before});
	if (verdict == VERDICT_NO)
		verdict = ask_prefixes(&question);
	if (verdict == VERDICT_NO && client->host)
		verdict = ask_suffixes(&question, key + before, length - before);
	if (verdict == VERDICT_NO)
		verdict = ask(&question, (struct span){"", 0});
	return verdict;
}
