/*
 * status: what the exit codes of qmail-queue's interface mean, for those who return them and for
 * the one who hears them.
 *
 * A program of this interface reads the message from descriptor 0 to its end, then the envelope
 * from descriptor 1, and says by its exit code whether it took the message. It may say why in a
 * line on descriptor 6 or 4 and exit 82 or 88; the line's first byte is D (for good) or Z (for
 * now). Follows qmail-queue(8) and the custom error texts of notqmail and of the qmail forks.
 */
#ifndef QUEUE_STATUS_H
#define QUEUE_STATUS_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"

enum queue_status {
	QUEUE_OK = 0,
	QUEUE_ADDRESS_TOO_LONG = 11,
	QUEUE_REFUSED = 31,
	QUEUE_NO_MEMORY = 51,
	QUEUE_TIMEOUT = 52,
	QUEUE_WRITE_ERROR = 53,
	QUEUE_READ_ERROR = 54,
	QUEUE_NO_CONFIGURATION = 55,
	QUEUE_NO_NETWORK = 56,
	QUEUE_NO_HOME = 61,
	QUEUE_NO_FILES = 62,
	QUEUE_REFUSED_NOW = 71,
	QUEUE_TIMED_OUT = 72,
	QUEUE_CONNECTION_REFUSED = 73,
	QUEUE_CONNECTION_FAILED = 74,
	QUEUE_BUG = 81,
	QUEUE_TEXT = 82,
	QUEUE_TEXT_TOO = 88,
	QUEUE_BAD_ENVELOPE = 91,
	QUEUE_NOT_RUN = 120,
};

/* What came of a queue program. */
struct queue_result {
	bool has_exited;  /* false: a signal ended it, or it could not be waited for */
	int code;	  /* its exit code */
	bool was_fed;	  /* all of message and envelope was written to it */
	struct span text; /* what it said on descriptor 6 or 4 */
};

/* Say what a result means: YES, the message was taken; NO, refused for good; LATER. Appends the
 * reason to *reason (one printable line, for a reply) and sets *enhanced_code, both but for YES. */
enum verdict queue_status_read(const struct queue_result *result, struct text *reason,
			       char enhanced_code[12]);

#endif
