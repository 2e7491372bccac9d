/*
 * audit_compiled: whether the lists of the control directory that are compiled are in force, and
 * whether that of the mailboxes has some for each hosted domain.
 */
#ifndef EXPLAIN_AUDIT_COMPILED_H
#define EXPLAIN_AUDIT_COMPILED_H

#include "explain/findings.h"
#include "host/settings.h"

/* Look at them. False when memory is short. */
bool audit_compiled(struct findings *findings, struct settings *settings);

#endif
