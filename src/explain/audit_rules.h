/*
 * audit_rules: what is wrong with rules, each by itself and for this machine.
 *
 * Read is the text where there is one, because it has lines, else the compiled database.
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

/* Look at all rules. File names may be NULL. False when memory is short or the text cannot be
 * read, with the reason appended to *why. audit_seen_free must be called in any case. */
bool audit_rules(struct findings *findings, const char *cdb, const char *text,
		 struct audit_seen *seen, struct text *why);

void audit_seen_free(struct audit_seen *seen);

#endif
