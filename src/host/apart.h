/*
 * apart: the session in a process of its own, which can do nothing but talk.
 *
 * The process that was started stays as the monitor: it keeps files, programs, passwords and log,
 * and lets go of the network. Its child gets the network (with it the descriptors of UCSPI-TLS), a
 * socket to the monitor, the signalfd that tells of SIGTERM and nothing else, and enters the
 * sandbox (unix/sandbox.h) before it reads the first byte.
 */
#ifndef HOST_APART_H
#define HOST_APART_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/text.h"
#include "host/direct.h"

enum apart_side {
	APART_SESSION, /* this is the session: confined, but not yet greeted */
	APART_MONITOR, /* this is the monitor: call apart_watch */
	APART_FAILED,  /* the session cannot be confined and must not be; *why gets the reason */
};

struct apart {
	int socket; /* to the other one */
	pid_t session;
};

/* Split this process. Descriptors 0 and 1 are the client; direct has told of the connection. */
enum apart_side apart_split(struct apart *apart, struct direct *direct, struct text *why);

/* Serve the session until it has ended. Returns the exit code that tells how, or the negative
 * number of a signal: the session has crashed, or was ended, and this process must end in the same
 * way, so that whoever started it sees what has happened. */
int apart_watch(const struct apart *apart, struct direct *direct);

#endif
