/*
 * deadline: a moment by which something has to be done, on the clock that nobody sets.
 *
 * A moment is in milliseconds since some start that means nothing. One moment serves for all the
 * steps of a task, so that an opponent who is slow at each of them gains no time.
 */
#ifndef UNIX_DEADLINE_H
#define UNIX_DEADLINE_H

#include <stdint.h>
#include <sys/socket.h>

/* The moment that is now. */
uint64_t deadline_now(void);

/* The moment so many milliseconds from now. */
int64_t deadline_in(int64_t milliseconds);

/* How many milliseconds are left, fit for poll(2); 0 when the moment has passed. */
int deadline_left(int64_t moment);

/* Wait until a descriptor is ready for one of the events of poll(2), an error being one. Returns 0,
 * or -1 with errno; ETIMEDOUT when the moment passed first. */
int deadline_wait(int descriptor, short events, int64_t moment);

/* Connect a socket that does not block. Returns as deadline_wait does. */
int deadline_connect(int descriptor, const struct sockaddr *address, socklen_t length,
		     int64_t moment);

#endif
