/*
 * monitor: the process that a confined session asks.
 *
 * It reads the requests of host/ask.h, believes none of them, and lets direct do what they ask for.
 * A constant table says how long a request may be and in which phase it may come; calls obey
 * (open body* (commit | discard))*, as everywhere. What the session must not decide is decided
 * here once more: how often a password may be tried, how large a message may be, whether it may be
 * queued for these recipients, and whether the log may say that one was. A request that breaks a
 * rule ends the session and discards the open message.
 */
#ifndef HOST_MONITOR_H
#define HOST_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"
#include "host/direct.h"

#define MONITOR_GRACE 10000 /* milliseconds in which a session that was told to end does so */

struct monitor {
	struct direct *direct;
	struct smtp_host host;	/* direct's table */
	unsigned phase;		/* one bit */
	unsigned auth_failures; /* passwords that were wrong */
	bool is_secured;	/* by what the session says */
	struct text user;	/* who has authenticated, since TLS was started; empty: nobody */
	uint64_t size;		/* bytes of the open message */
	uint64_t taken, told;	/* messages that were queued, and those that the log knows of */
	bool is_ending;		/* the session was told to end: no message, no login is begun */
	int64_t moment;		/* when it must have done so */
	struct text in, out;	/* frames: what has come, and the last answer */
};

/* Take no memory yet. direct must stay. */
void monitor_init(struct monitor *monitor, struct direct *direct);
void monitor_free(struct monitor *monitor);

enum monitor_step {
	MONITOR_MORE,	/* the first frame is not all there */
	MONITOR_TAKEN,	/* it was obeyed, and its answer, if it has one, is in monitor->out */
	MONITOR_BROKEN, /* it breaks a rule */
};

/* Obey the frame at the front of *bytes and cut it off there. *lacking: how many bytes more it
 * needs at least, when it is not all there. */
enum monitor_step monitor_take(struct monitor *monitor, struct span *bytes, size_t *lacking);

/* Whether the session has said that it is over. */
bool monitor_has_ended(const struct monitor *monitor);

/* Discard the open message, if there is one. */
void monitor_forget(struct monitor *monitor);

/* Serve the session until it closes its end of the socket. SIGTERM is passed on to it; stop is a
 * signalfd for it, or -1. False when the session broke a rule, could not be understood, or is still
 * there MONITOR_GRACE after SIGTERM, or after the end of the message that was under way; then there
 * is a line in the log. Either way no message is open afterwards. */
bool monitor_serve(struct monitor *monitor, int socket, int stop, pid_t session);

#endif
