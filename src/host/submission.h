/*
 * submission: one message that comes in by qmail-queue's interface, and the answer to it.
 *
 * Message and envelope are taken whole before anything is done with them; an envelope that ends
 * early means that nothing is to be done. The answer is an exit code, and words on descriptor 6, or
 * on 4 if ERROR_FD says so, where the other side has opened one of them.
 */
#ifndef HOST_SUBMISSION_H
#define HOST_SUBMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/verdict.h"
#include "host/spool.h"
#include "queue/envelope.h"
#include "queue/status.h"

#define SUBMISSION_PATIENCE 86400 /* seconds until a message must have come whole */

/* It holds pointers into itself, and stays where it was initialised. */
struct submission {
	struct spool spool;
	struct envelope envelope;
	int words; /* descriptor for words, or -1 */
};

/* A message that is not whole after SUBMISSION_PATIENCE ends the process: die_after. */
void submission_expect(void);

/* Call before any descriptor is opened: only now it is plain whether 6 and 4 are for words. */
void submission_init(struct submission *submission);

/* Read the message from descriptor 0 and the envelope from 1. QUEUE_OK: both are whole. Else the
 * exit code, and the reason appended to *why; none when the other side has changed its mind. */
enum queue_status submission_receive(struct submission *submission, struct text *why);

/* The same for an envelope alone. */
enum queue_status submission_receive_envelope(struct envelope *envelope, struct text *why);

/* Say why the message is refused, for good (NO) or for now (LATER), in printable words. Of long
 * ones the end is left out, but for an enhanced code there, as "(#5.7.1)". Returns the exit code
 * that goes with it, one that needs no words where nobody hears them or they are too short to be
 * believed. */
enum queue_status submission_refuse(const struct submission *submission, enum verdict verdict,
				    struct span words);

/* Say what the one who took the message calls it, for the log of the other side. */
void submission_accept(const struct submission *submission, struct span words);

/* The seconds until an answer must be there: QUEUETIMEOUT, or what smtpd waits for less a little.
 * False when that is no number. */
bool submission_answer_seconds(uint32_t *seconds);

void submission_free(struct submission *submission);

#endif
