/*
 * audit_classes: the instructions that clients who may not relay get, each sort once: what a
 * stranger can meet.
 */
#ifndef EXPLAIN_AUDIT_CLASSES_H
#define EXPLAIN_AUDIT_CLASSES_H

#include "explain/audit_rule.h"

#define AUDIT_MOST_CLASSES 64

struct audit_classes {
	struct text data[AUDIT_MOST_CLASSES];
	struct text key[AUDIT_MOST_CLASSES];  /* of a rule with them */
	const char *file[AUDIT_MOST_CLASSES]; /* of that rule; NULL: there is none */
	uint64_t line[AUDIT_MOST_CLASSES];    /* of that file; 0: unknown */
	size_t directory[AUDIT_MOST_CLASSES]; /* its index among the control directories */
	size_t count;
	bool has_more;
};

/* Begin with the client that no rule knows, who gets no instructions. */
void audit_classes_init(struct audit_classes *classes);

/* Keep what a rule gives, if it is new. Its file name must stay. A directory beyond the most that
 * are kept is one that nobody will try. False when memory is short. */
bool audit_classes_keep(struct audit_classes *classes, const struct audit_rule *rule,
			size_t directory);

void audit_classes_free(struct audit_classes *classes);

#endif
