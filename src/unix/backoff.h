/*
 * backoff: after trouble that may last, wait before the next try, and longer each time.
 *
 * So that a machine short of something is not kept busy by the asking, nor its log by the telling.
 * Zeroed memory is the start.
 */
#ifndef UNIX_BACKOFF_H
#define UNIX_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
	int64_t until;	       /* moment of the next try; 0 for at once */
	int64_t quiet_until;   /* moment before which nothing more is said */
	unsigned milliseconds; /* the pause made last */
};

/* It failed: pause, 10 ms after a success and up to a second. True when it should be said, which is
 * once in ten seconds. */
bool backoff_fail(struct backoff *backoff);

/* It went well: the next pause is short again. */
void backoff_succeed(struct backoff *backoff);

/* Milliseconds of the pause that are left, 0 when the next try may be made. */
int backoff_left(const struct backoff *backoff);

#endif
