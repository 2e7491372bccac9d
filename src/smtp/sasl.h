/*
 * sasl: the exchanges by which a client says its name and password, PLAIN and LOGIN.
 *
 * Pure: takes the lines that the client sends, without their line ends, and says what is to be
 * sent. Follows RFC 4954 (AUTH), RFC 4616 (PLAIN), RFC 4648 section 4 (base64) and, since no RFC
 * describes LOGIN, what clients do. Secrets are overwritten when they are forgotten.
 */
#ifndef SMTP_SASL_H
#define SMTP_SASL_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

#define SASL_LARGEST 12288 /* bytes of the longest line, its end included; RFC 4954 section 4 */
/* Bytes of name and password together, at most: checkpassword's interface has 512, and of these
 * three are NULs and one at least is the timestamp's. */
#define SASL_MOST 508

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN };

struct sasl {
	enum sasl_mechanism mechanism;
	bool has_user; /* LOGIN: the name was said */
	struct text user, password;
};

enum sasl_step {
	SASL_CHALLENGE, /* send *challenge, which is base64 already, and wait for a line */
	SASL_DONE,	/* user and password are there */
	SASL_UNUSABLE,	/* they are there, but cannot be anybody's: NULs in them, empty, too
			   long, or for another */
	SASL_CANCELED,
	SASL_MALFORMED, /* no base64, or not the fields of the mechanism */
	SASL_NO_MEMORY,
};

void sasl_init(struct sasl *sasl);

/* Overwrite and forget all. */
void sasl_clear(struct sasl *sasl);

/* Find a mechanism by its name. */
bool sasl_find(struct span name, enum sasl_mechanism *mechanism);

/* Start an exchange. has_response: the AUTH command had an initial response. */
enum sasl_step sasl_start(struct sasl *sasl, enum sasl_mechanism mechanism, bool has_response,
			  struct span response, struct span *challenge);

/* Take a line in answer to a challenge. */
enum sasl_step sasl_take(struct sasl *sasl, struct span line, struct span *challenge);

/* Append what base64 text stands for. False when it is none; padding is required and what is behind
 * it refused. */
bool sasl_decode(struct span text, struct text *out);

#endif
