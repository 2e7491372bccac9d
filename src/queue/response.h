/*
 * response: what a next hop says by SMTP or LMTP, one reply after the other.
 *
 * Fed pieces of any length, it believes nothing: lines may be long, many, or none at all. Memory:
 * RESPONSE_KEPT bytes of text, whatever comes. Follows RFC 5321 section 4.2.
 */
#ifndef QUEUE_RESPONSE_H
#define QUEUE_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"

#define RESPONSE_KEPT	 8192	       /* bytes of text that are kept */
#define RESPONSE_LARGEST (1024 * 1024) /* bytes of the largest reply that is read */

enum response_step {
	RESPONSE_MORE,	    /* it is not complete */
	RESPONSE_DONE,	    /* code and text are there */
	RESPONSE_MALFORMED, /* this is no reply */
};

struct response {
	unsigned code;	  /* 200 to 599 */
	struct text text; /* of its lines, an LF behind each */
	char start[4];	  /* of the line that is not complete: code and what follows it */
	size_t in_line;	  /* bytes of that line */
	size_t total;	  /* bytes of the reply */
};

void response_init(struct response *response);
void response_free(struct response *response);

/* Forget the last reply, to read the next. */
void response_clear(struct response *response);

/* Take bytes off the front of *bytes, up to the end of the reply. */
enum response_step response_feed(struct response *response, struct span *bytes);

/* What a complete reply to something that was asked for means. */
enum verdict response_verdict(const struct response *response);

/* The enhanced code of a complete reply, "5.1.1", at the beginning of the first line that has one:
 * RFC 2034 section 4 wants it in each, Cyrus has it in its last. Empty when there is none. */
struct span response_enhanced_code(const struct response *response);

/* Whether a complete reply is 552 without a reason of its own. To RCPT that once meant too many
 * recipients, and RFC 5321 section 4.5.3.1.10 wants it to be for now. */
bool response_is_too_many(const struct response *response);

/* Whether a reply to EHLO or LHLO offers an extension; *arguments are those, if any. */
bool response_offers(const struct response *response, struct span keyword, struct span *arguments);

/* Append its code and text in one printable line of moderate length, with the enhanced code in the
 * form "(#5.1.1)" behind it if there is one. */
void response_write(const struct response *response, struct text *words);

#endif
