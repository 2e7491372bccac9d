/*
 * envelope: who sent a message and for whom it is, in the form in which qmail-queue's interface
 * hands it over: F sender NUL, T recipient NUL for each recipient, NUL.
 *
 * The reader is fed pieces of any length and believes nothing. Memory: ENVELOPE_LARGEST at most.
 * What is written into header lines cannot break out of its line.
 */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"
#include "queue/status.h"

#define ENVELOPE_ADDRESS 1002		   /* bytes of the longest address */
#define ENVELOPE_LARGEST (8 * 1024 * 1024) /* bytes of the largest envelope */

enum envelope_step {
	ENVELOPE_MORE,	   /* it is not complete; if no more comes it means nothing at all */
	ENVELOPE_DONE,	   /* it is complete; what follows is ignored */
	ENVELOPE_TOO_LONG, /* an address is too long */
	ENVELOPE_GARBAGE,  /* this is no envelope */
	ENVELOPE_FULL,	   /* it is too large, or memory is short */
};

/* It holds pointers into itself, and stays where it was initialised. */
struct envelope {
	struct text bytes; /* nothing behind its end */
	size_t item;	   /* where the item that is not complete yet begins */
	enum envelope_step step;
	char short_bytes[256]; /* where bytes begins */
};

/* Take no memory yet. */
void envelope_init(struct envelope *envelope);

/* Give the memory back. */
void envelope_free(struct envelope *envelope);

/* Take the next bytes. All answers but ENVELOPE_MORE stay. */
enum envelope_step envelope_feed(struct envelope *envelope, struct span bytes);

/* Of a complete envelope: the sender; the recipients one after the other. *position is 0 at first.
 * False behind the last one. */
struct span envelope_sender(const struct envelope *envelope);
bool envelope_recipient(const struct envelope *envelope, size_t *position, struct span *recipient);

/* Of a complete envelope: whether there is an address, not the null sender, without a domain. */
bool envelope_lacks_domain(const struct envelope *envelope);

/* Give all such addresses of a complete envelope this domain. The answer is ENVELOPE_DONE, or that
 * one becomes too long, or that there is no room for them. */
enum envelope_step envelope_complete(struct envelope *envelope, struct span domain);

/* Append the header lines that keep a complete envelope with its message: Return-Path, whose local
 * part is quoted where it must be (RFC 5321 section 4.1.2), then X-Envelope-To for each recipient,
 * as it was queued. Control bytes become '?'. */
void envelope_write_lines(const struct envelope *envelope, struct text *lines);

/* The exit code that tells the one who wrote it what was wrong. ENVELOPE_MORE means that it ended
 * there. */
enum queue_status envelope_status(enum envelope_step step);

#endif
