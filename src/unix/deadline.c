#include "unix/deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

uint64_t deadline_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t deadline_in(int64_t milliseconds)
{
	return (int64_t)deadline_now() + milliseconds;
}

int deadline_left(int64_t moment)
{
	int64_t left = moment - deadline_in(0);

	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int deadline_wait(int descriptor, short events, int64_t moment)
{
	struct pollfd poll_descriptor = {.fd = descriptor, .events = events};

	for (;;) {
		int count = poll(&poll_descriptor, 1, deadline_left(moment));

		if (count > 0)
			return 0;
		if (count == -1 && errno != EINTR)
			return -1;
		if (deadline_left(moment) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

int deadline_connect(int descriptor, const struct sockaddr *address, socklen_t length,
		     int64_t moment)
{
	socklen_t size = sizeof(int);
	int error = 0;

	if (connect(descriptor, address, length) == 0)
		return 0;
	if ((errno != EINPROGRESS && errno != EINTR) ||
	    deadline_wait(descriptor, POLLOUT, moment) == -1 ||
	    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return -1;
	errno = error;
	return error ? -1 : 0;
}
