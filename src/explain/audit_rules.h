/*
 * audit_rules: what is wrong with rules, each by itself and for this machine.
 */
#ifndef EXPLAIN_AUDIT_RULES_H
#define EXPLAIN_AUDIT_RULES_H

#include "explain/audit_classes.h"
#include "explain/audit_directories.h"
#include "explain/findings.h"

/* What else the rules lead to. */
struct audit_seen {
	struct audit_classes classes;
	struct audit_directories directories;
};

void audit_seen_init(struct audit_seen *seen);

/* Look at all rules of a text, or of a compiled database, and add to what was seen. False when
 * memory is short or the text cannot be read, with the reason appended to *why. */
bool audit_rules(struct findings *findings, const char *file, bool is_compiled,
		 struct audit_seen *seen, struct text *why);

void audit_seen_free(struct audit_seen *seen);

#endif
