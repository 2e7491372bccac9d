/*
 * qmqp: a message and its envelope as the Quick Mail Queueing Protocol sends them, and its answer.
 *
 * All of it is one netstring, so a server knows whether it has come whole. Follows
 * https://cr.yp.to/proto/qmqp.html.
 */
#ifndef QUEUE_QMQP_H
#define QUEUE_QMQP_H

#include <stdint.h>

#include "base/text.h"
#include "base/verdict.h"
#include "queue/envelope.h"

#define QMQP_PORT   628
#define QMQP_ANSWER 2000 /* bytes of an answer that are looked at, most */

enum qmqp_step {
	QMQP_MORE,	/* it is not complete */
	QMQP_DONE,	/* *verdict and *words are set */
	QMQP_MALFORMED, /* it is none */
};

/* Append what goes before a message of that size, and what goes behind it. */
void qmqp_write(const struct envelope *envelope, uint64_t size, struct text *before,
		struct text *behind);

/* Read an answer from all the bytes that have come. */
enum qmqp_step qmqp_read(struct span bytes, enum verdict *verdict, struct span *words);

#endif
