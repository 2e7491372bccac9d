/*
 * audit_probes: the classic ways to find an open relay, tried on smtpd itself.
 *
 * smtpd runs as it would for a stranger, with the variables of a rule that lets nobody relay. What
 * is judged is what would have been handed on.
 */
#ifndef EXPLAIN_AUDIT_PROBES_H
#define EXPLAIN_AUDIT_PROBES_H

#include "explain/findings.h"
#include "host/settings.h"

struct audit_client {
	struct span data; /* the instructions of the rule */
	struct span key;  /* its address */
	const char *file; /* where it stands, or NULL */
	uint64_t line;
};

/* Try all forms of addresses for one client, and add their number to *probes. settings: what smtpd
 * will read. Where smtpd comes to a bad end, that is a finding, and none counts. False when it
 * cannot be run at all, with the reason appended to *why. */
bool audit_probes(struct findings *findings, struct settings *settings,
		  const struct audit_client *client, size_t *probes, struct text *why);

#endif
