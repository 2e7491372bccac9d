/*
 * stranger: smtpd itself, run as for a client whose rule lets nobody relay.
 *
 * What tells how long and how much is set so that a whole dialogue fits into one session; what
 * tells who may do what is as the rule has it. Where TLS is required, the client is one under TLS,
 * as anybody can be. The queue program is this program: it writes down the envelopes and keeps
 * nothing else.
 */
#ifndef EXPLAIN_STRANGER_H
#define EXPLAIN_STRANGER_H

#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"

/* In the environment of a queue program that is this one: the file to write envelopes to. */
#define STRANGER_RECORD "RELAY_AUDIT_RECORD"

/* Say the dialogue, which ends in QUIT, to an smtpd that has the variables of a rule. record is the
 * name of the file for the envelopes. YES: it has heard all of it, and *replies is what it said.
 * NO: it came to another end, which *reason tells. LATER: it cannot be run, for the reason in
 * errno. */
enum verdict stranger_talk(struct span data, struct span dialogue, const char *record,
			   struct text *replies, struct text *reason);

/* Be the queue program: read message and envelope, append the envelope to the file, which must be
 * the caller's own: where it lies, others may have put another in its place. Returns the exit
 * code. */
int stranger_record(const char *path);

#endif
