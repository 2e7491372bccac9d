/*
 * audit_probes: the classic ways to find an open relay, tried on smtpd itself.
 *
 * smtpd runs as it would for a stranger, with the variables of a rule that lets nobody relay, and
 * with a queue program that writes down the envelopes and keeps nothing else. So what is judged is
 * what would have been handed on.
 */
#ifndef EXPLAIN_AUDIT_PROBES_H
#define EXPLAIN_AUDIT_PROBES_H

#include "explain/findings.h"
#include "host/settings.h"

/* In the environment of a queue program that is this one: the file to write envelopes to. */
#define AUDIT_RECORD "RELAY_AUDIT_RECORD"

struct audit_client {
	struct span data; /* the instructions of the rule */
	struct span key;  /* its address */
	const char *file; /* where it stands, or NULL */
	uint64_t line;
};

/* How many forms of addresses are tried. */
size_t audit_probes_count(void);

/* Try them all for one client. settings: what smtpd will read. False when smtpd cannot be run to
 * its end, with the reason appended to *why. */
bool audit_probes(struct findings *findings, struct settings *settings,
		  const struct audit_client *client, struct text *why);

/* Be the queue program: read message and envelope, append the envelope to the file. Returns the
 * exit code. */
int audit_probes_record(const char *path);

#endif
