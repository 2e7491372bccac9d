/*
 * refusal: the whole SMTP dialogue with a client that is not let in. Client bytes in; replies out.
 *
 * Whoever greets is greeted, and whoever wants anything is told the reason: a real mail server
 * learns why, and bounces or waits as the code says. Pure; takes no memory; what a client can make
 * it say is bounded.
 */
#ifndef SMTP_REFUSAL_H
#define SMTP_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"

#define REFUSAL_COMMANDS 2000 /* commands that are answered */

struct refusal {
	const char *code;   /* "451" or "553" */
	struct span reason; /* one printable line */
	char verb[8];	    /* what has come of the line, as far as it matters */
	size_t length;
	unsigned commands;
};

/* Begin, and append the greeting to *replies. Code and reason must stay. */
void refusal_init(struct refusal *refusal, const char *code, struct span reason,
		  struct text *replies);

/* Take client bytes of any length and append the replies, whole lines with CRLF. False: the last
 * one is there, hang up. */
bool refusal_feed(struct refusal *refusal, struct span bytes, struct text *replies);

/* Time is over: append the last words. */
void refusal_end(struct text *replies);

#endif
