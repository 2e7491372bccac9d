#include "unix/backoff.h"

#include "unix/deadline.h"

#define SHORTEST 10    /* milliseconds */
#define LONGEST	 1000  /* milliseconds */
#define QUIET	 10000 /* milliseconds */

bool backoff_fail(struct backoff *backoff)
{
	bool must_say = deadline_left(backoff->quiet_until) == 0;

	backoff->milliseconds = backoff->milliseconds ? 2 * backoff->milliseconds : SHORTEST;
	if (backoff->milliseconds > LONGEST)
		backoff->milliseconds = LONGEST;
	backoff->until = deadline_in(backoff->milliseconds);
	if (must_say)
		backoff->quiet_until = deadline_in(QUIET);
	return must_say;
}

void backoff_succeed(struct backoff *backoff)
{
	backoff->milliseconds = 0;
	backoff->until = 0;
}

int backoff_left(const struct backoff *backoff)
{
	return backoff->until ? deadline_left(backoff->until) : 0;
}
