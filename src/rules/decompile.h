/*
 * decompile: a record of compiled rules, as the line that compiles to it.
 */
#ifndef RULES_DECOMPILE_H
#define RULES_DECOMPILE_H

#include <stdbool.h>

#include "base/text.h"
#include "rules/rule.h"

/* Append the line, with its LF. What is written is read back by the rule reader first: false, and
 * nothing appended, when no line compiles to this record and to nothing else (or memory is short).
 * The index of prefix lengths is no such record. */
bool decompile(struct rule *reader, struct span key, struct span data, struct text *line);

#endif
