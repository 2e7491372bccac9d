/*
 * dialogue: a client served by a session, until one side has had enough.
 *
 * The loop between the two: what the client sends is fed to the session, in the time that it has
 * for it, and the replies go out before the client is waited for.
 */
#ifndef HOST_DIALOGUE_H
#define HOST_DIALOGUE_H

#include "host/client.h"
#include "host/settings.h"
#include "smtp/session.h"

#define DIALOGUE_BLOCK 65536 /* bytes read at once */

/* Large, but little of it is touched in most sessions. */
struct dialogue_room {
	struct smtp_room session;
	char block[DIALOGUE_BLOCK];
};

struct dialogue {
	struct dialogue_room *room;
	struct client *client;
	const struct settings *settings;
	struct smtp_host host;
	bool (*start_tls)(void *world); /* put the client under TLS; world is the host's */
	void (*flush)(void *world);	/* called before the client is waited for; may be NULL */
	void (*prepare)(void *world);	/* called when the client is at work; may be NULL */
};

/* Wait for greetdelay, greet, and serve the client; then all replies are out but the connection is
 * still there. *totals says what there was. */
void dialogue_hold(const struct dialogue *dialogue, struct smtp_totals *totals);

#endif
