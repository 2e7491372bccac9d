/*
 * received: the Received field that stands on top of each message.
 *
 * Follows RFC 5321 section 4.4, in the shape that qmail gave it. A byte that could end a comment
 * or a field, or that is not printable, becomes '?': nobody writes a field of his own into ours.
 */
#ifndef SMTP_RECEIVED_H
#define SMTP_RECEIVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

struct received {
	struct span remote_host; /* the client's name, or "unknown" */
	struct span remote_ip;	 /* its address */
	bool has_remote_info;
	struct span remote_info; /* who its machine, or AUTH, says it is */
	struct span hello;	 /* what HELO or EHLO said; empty: neither was given */
	struct span local_host;	 /* this host */
	struct span protocol;	 /* RFC 3848 and RFC 6531: SMTP, ESMTP, UTF8SMTP ... */
	int64_t seconds;	 /* since 1970-01-01 00:00 UTC, of years 1970 to 9999 */
};

/* Append the field, two lines that end in LF. */
void received_write(const struct received *fields, struct text *out);

/* Whether on top of a message there is such a field, and it says that the client gave SMTPUTF8. */
bool received_is_utf8(struct span message);

#endif
