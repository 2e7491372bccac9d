/*
 * body: the bytes of a message on their way from the client to the queue.
 *
 * Takes what follows DATA or BDAT, in pieces of any size, and hands on the message as it is queued:
 * lines end in LF, and leading dots are removed where DATA doubled them. Counts bytes, and the
 * hops that the header shows. The same input in other pieces is handed on in the same pieces.
 * Follows RFC 5321 section 4.5.2 and RFC 3030; what DATA does with lone CRs is qmail-smtpd's.
 */
#ifndef SMTP_BODY_H
#define SMTP_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define BODY_ROOM      65536 /* bytes handed on at once */
#define BODY_NAME      16    /* bytes of a line's start that are looked at */
#define BODY_MOST_HOPS 100   /* header fields named Received or Delivered-To */

struct smtp_body {
	/* Set by the caller after body_start: where the bytes go. */
	void *world;
	void (*put)(void *world, struct span bytes);
	/* Results. Once one of the two refusals is true nothing more is handed on. */
	uint64_t size; /* bytes handed on so far, or that would have been */
	bool is_too_large;
	bool has_too_many_hops;
	/* Private. */
	uint64_t largest; /* bytes; 0: no limit */
	uint8_t state;
	bool is_in_header;
	unsigned hops;
	size_t name_length, length;
	char name[BODY_NAME];
	char *buffer;
};

enum body_step {
	BODY_MORE,     /* all input is taken */
	BODY_END,      /* CRLF . CRLF was seen; what is behind it is left in *input */
	BODY_STRAY_LF, /* an LF without its CR: the message must not be taken */
};

/* Begin a message of at most largest bytes; 0: no limit. buffer has room for BODY_ROOM bytes, and
 * is the caller's until the next message. */
void body_start(struct smtp_body *body, uint64_t largest, char *buffer);

/* Take bytes of DATA from the front of *input. After BODY_END and BODY_STRAY_LF, body_finish or
 * body_start must follow. */
enum body_step body_data(struct smtp_body *body, struct span *input);

/* Take bytes of a BDAT chunk. */
void body_chunk(struct smtp_body *body, struct span input);

/* Hand on what is still kept. */
void body_finish(struct smtp_body *body);

#endif
