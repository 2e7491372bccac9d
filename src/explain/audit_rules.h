/*
 * audit_rules: what is wrong with rules, each by itself and for this machine.
 *
 * Read is the text where there is one, because it has lines, else the compiled database.
 */
#ifndef EXPLAIN_AUDIT_RULES_H
#define EXPLAIN_AUDIT_RULES_H

#include "explain/findings.h"

#define AUDIT_MOST_CLASSES 64

/* The instructions that clients who may not relay get, each sort once: what a stranger can meet. */
struct audit_classes {
	struct text data[AUDIT_MOST_CLASSES];
	struct text key[AUDIT_MOST_CLASSES]; /* of a rule with them */
	uint64_t line[AUDIT_MOST_CLASSES];
	size_t count;
	bool has_more;
};

/* Look at all rules. File names may be NULL. False when memory is short or the text cannot be
 * read, with the reason appended to *why. audit_classes_free must be called in any case. */
bool audit_rules(struct findings *findings, const char *cdb, const char *text,
		 struct audit_classes *classes, struct text *why);

void audit_classes_free(struct audit_classes *classes);

#endif
