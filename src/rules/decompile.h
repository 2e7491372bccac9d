/*
 * decompile: a record of compiled rules, as the line that compiles to it.
 */
#ifndef RULES_DECOMPILE_H
#define RULES_DECOMPILE_H

#include <stdbool.h>

#include "base/text.h"
#include "rules/prefix.h"
#include "rules/rule.h"

/* Append the line, with its LF. What is written is read back by the rule reader first: false, and
 * nothing appended, when no line compiles to this record and to nothing else (or memory is short).
 * The index of prefix lengths is no such record. Where *indexed is what the index of the rules
 * says, the line adds nothing to it either: a network that nobody asks for stays one; NULL: any
 * will do. */
bool decompile(struct rule *reader, const struct prefix_lengths *indexed, struct span key,
	       struct span data, struct text *line);

#endif
