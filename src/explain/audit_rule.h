/*
 * audit_rule: what is wrong with one rule that lets clients in, by itself and for this machine.
 */
#ifndef EXPLAIN_AUDIT_RULE_H
#define EXPLAIN_AUDIT_RULE_H

#include "explain/findings.h"
#include "explain/network.h"

struct audit_rule {
	const char *file;
	uint64_t line;			   /* 0: unknown */
	struct span address;		   /* a key, or a range as the text has it */
	const struct network_count *range; /* what that one covers; NULL: it is a key */
	struct span data;		   /* the instructions */
};

/* Judge it. False when memory is short. */
bool audit_rule(struct findings *findings, const struct audit_rule *rule);

/* Tell of a mistake in it: the finding is what, with the address. False when memory is short. */
bool audit_rule_tell(struct findings *findings, const struct audit_rule *rule,
		     enum finding_grade grade, const char *kind, const char *what, const char *why,
		     const char *remedy);

#endif
