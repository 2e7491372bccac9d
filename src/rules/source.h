/*
 * source: the text that rules are compiled from, read for what it says to one client.
 *
 * The text is taken line by line, in bounded memory, by the rule reader that compiles it. Kept are
 * the rules that could speak for the client, each with its line: match_find itself says which they
 * are. On the way each record that the text compiles to can be held against a compiled database,
 * which holds them in the same order.
 */
#ifndef RULES_SOURCE_H
#define RULES_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lookup.h"
#include "base/record.h"
#include "rules/match.h"
#include "rules/prefix.h"
#include "rules/rule.h"

/* The records of a compiled database, one after the other. */
struct source_compiled {
	void *world; /* handed back as first argument */
	/* YES; NO behind the last one; LATER: it cannot be read. */
	enum verdict (*next)(void *world, struct span *key, struct span *data);
};

struct source_rule {
	uint64_t number; /* of its line; 0: the text has no such rule */
	size_t data_start, data_length, line_start, line_length;
};

struct source {
	struct rule rule;	       /* the one read last, with its warnings */
	struct prefix_lengths lengths; /* that occur */
	struct record wanted;	       /* the addresses that could speak for the client */
	struct source_rule *found;     /* for each of them */
	struct text texts;	       /* the data and the lines of those that were found */
	struct text index;
	const struct source_compiled *compiled;
	bool differs;		  /* the database is not what the text compiles to */
	uint64_t first_different; /* the first line that makes the difference; 0: what follows the
				     last one */
	bool index_differs; /* they differ in the index of prefix lengths and nothing before */
	enum verdict state; /* LATER: the database cannot be read */
};

/* Start. client may be NULL: then no rule is kept. compiled may be NULL. False when memory is
 * short, or the client's names are too long; source_free must be called in either case. */
bool source_init(struct source *source, const struct match_client *client,
		 const struct source_compiled *compiled);

/* Take the next line of the text. RULE_MALFORMED appends the reason to *why. */
enum rule_kind source_take(struct source *source, struct span line, uint64_t number,
			   struct text *why);

/* All lines are taken. */
void source_finish(struct source *source);

/* Rules as the text has them, for this client. The source is the lookup's world. */
struct lookup source_lookup(struct source *source);

/* The line with the rule for this address that holds, and its number; 0: there is none. */
uint64_t source_line(const struct source *source, struct span key, struct span *line);

void source_free(struct source *source);

#endif
