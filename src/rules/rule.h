/*
 * rule: one line of the rule language, as records to be stored.
 *
 * The language is that of tcprules(1), byte for byte, and IPv6 and prefix lengths besides; see
 * tcp.smtp(5). What the traditional compiler takes in silence although it cannot be meant so is
 * taken with a warning. Pure; memory is taken once, by rule_init.
 */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"
#include "rules/pattern.h"

#define RULE_LONGEST_LINE  (64 * 1024) /* bytes, without the LF */
#define RULE_MOST_WARNINGS 5

struct rule {
	struct pattern pattern; /* whom it speaks of */
	struct text data;	/* what its records hold: "D\0" to deny, and "+NAME=VALUE\0"s */
	const char *warnings[RULE_MOST_WARNINGS];
	size_t warning_count;

	/* Its own. Files repeat the same instructions for many addresses: those read last are kept,
	 * with what was found in them. */
	struct text room; /* for keys */
	struct text instructions;
	const char *instructions_flaw;
	bool sets_relayclient;
};

enum rule_kind {
	RULE_NONE, /* a comment, an empty line, or one that is no rule */
	RULE_GOOD, /* take its keys with rule_next_key; there may be none */
	RULE_MALFORMED,
};

/* False when memory is short. */
bool rule_init(struct rule *rule);

void rule_free(struct rule *rule);

/* Read a line, at most RULE_LONGEST_LINE bytes without its LF, which must stay until the next one.
 * Sets the warnings, whatever the kind. RULE_MALFORMED appends the reason to *why. */
enum rule_kind rule_read(struct rule *rule, struct span line, struct text *why);

/* Take the next key under which the data is to be stored; it stays until the next call. False when
 * there are no more. */
bool rule_next_key(struct rule *rule, struct span *key);

#endif
