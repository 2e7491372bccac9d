/*
 * log: the lines that tell an administrator what a session did, one event each.
 *
 * A line is a word and then NAME=VALUE fields in a fixed order, blanks between them: whose address
 * was judged (ip), by which rule (rule; empty is the rule for everybody, "-" is none), why
 * something was let pass (why), and what belongs to the event. A value has no blank, but for
 * reason, which is always the last one; "-" stands where there is none. Envelope addresses are in
 * "<>", and neither those nor a blank can be inside. Bytes that are not printable are '?'.
 */
#ifndef HOST_LOG_H
#define HOST_LOG_H

#include <stdint.h>

#include "base/span.h"
#include "smtp/session.h"

/* Who is being served. */
struct log {
	struct span ip;
	struct span rule; /* a null pointer: no rule matched */
	struct span
		why; /* why the client may do what it asks before it has asked; empty: nothing */
};

/* The client is there, under this name. */
void log_connect(const struct log *log, struct span remote_host);

/* Something that the dialogue reports. Of a queued message: what names it, and how long it took
 * from its first byte. */
void log_event(const struct log *log, const struct smtp_event *event, struct span id,
	       uint64_t milliseconds);

/* TLS is on. */
void log_tls(const struct log *log, struct span protocol, struct span cipher);

/* The session is over. */
void log_end(const struct log *log, const struct smtp_totals *totals, uint64_t milliseconds);

#endif
