/*
 * audit_control: what is wrong with the control files, tidewaiter's and those of qmail beside them,
 * and with the permissions of what decides who may relay.
 */
#ifndef EXPLAIN_AUDIT_CONTROL_H
#define EXPLAIN_AUDIT_CONTROL_H

#include "explain/findings.h"
#include "host/settings.h"

/* Look at the files. is_odd_taken: some clients that may not relay have ODDADDRESS=1. False when
 * memory is short. */
bool audit_control(struct findings *findings, struct settings *settings, bool is_odd_taken);

/* Look at who may change them: a file, and the directory that holds it. A name that does not exist
 * is passed over. */
void audit_writable(struct findings *findings, const char *path, bool with_directory);

/* The control directory with all that is in it. */
void audit_writable_control(struct findings *findings);

#endif
