/*
 * rules_diff: for whom two compiled sets of rules decide otherwise.
 *
 * Where the decision can change are the borders of the networks that rules speak of. Between two
 * borders all addresses have one decision, and match_find makes it. A name or an ident answer that
 * a rule speaks of is decided on likewise, for a client of whose address no rule does.
 */
#ifndef EXPLAIN_RULES_DIFF_H
#define EXPLAIN_RULES_DIFF_H

#include "base/text.h"
#include "unix/cdb_file.h"

/* Append a line for each block of addresses, and for each name, that gains or loses access or
 * RELAYCLIENT, or whose other variables change. YES: there are some; NO: none; LATER, with errno,
 * when a database cannot be read or memory is short. */
enum verdict rules_diff(struct cdb_file *old, struct cdb_file *new, struct text *lines);

#endif
