/*
 * audit_control: what is wrong with the control files, tidewaiter's and those of qmail beside them.
 */
#ifndef EXPLAIN_AUDIT_CONTROL_H
#define EXPLAIN_AUDIT_CONTROL_H

#include "explain/findings.h"
#include "host/settings.h"

/* Look at the files. is_odd_taken: some clients that may not relay have ODDADDRESS=1. False when
 * memory is short. */
bool audit_control(struct findings *findings, struct settings *settings, bool is_odd_taken);

#endif
