/*
 * direct: the world of a session, from within its own process.
 *
 * Answers struct smtp_host with the settings, the client's descriptors and a queue program or the
 * Maildir, and writes the log. A message for whose answer nobody listens any more is not completed:
 * its sender will try again, and it must not be there twice.
 */
#ifndef HOST_DIRECT_H
#define HOST_DIRECT_H

#include <stdint.h>

#include "base/text.h"
#include "host/client.h"
#include "host/hand_off.h"
#include "host/log.h"
#include "host/settings.h"
#include "smtp/session.h"
#include "unix/interfaces.h"

/* It holds pointers into itself, and stays where it was initialised. */
struct direct {
	struct settings *settings;
	struct client *client;
	struct log log;
	char remote_ip[ADDRESS_TEXT]; /* TCPREMOTEIP in the one form; empty: it is no address */
	struct span remote_host;
	struct hand_off hand_off;
	struct interfaces interfaces;
	struct text queue_id; /* what names the message queued last */
	char short_queue_id[64];
	char **password_program; /* what AUTH asks, ends in NULL; NULL: nothing */
	char *own_info;		 /* TCPREMOTEINFO before AUTH, or NULL */
	struct text why_user;	 /* "auth:USER" once the client has authenticated */
	uint64_t start, message; /* milliseconds: when the session, and the open message, began */
	bool has_begun;
};

/* Read from the environment who is being served and which queue program is to be used. Settings and
 * client must stay, and so must password_program, which may be NULL. */
void direct_init(struct direct *direct, struct settings *settings, struct client *client,
		 char **password_program);

/* The table that a session is given. */
struct smtp_host direct_host(struct direct *direct);

/* Log that the session begins, unless that was done; and that it is over. */
void direct_begin(struct direct *direct);
void direct_end(struct direct *direct, const struct smtp_totals *totals);

/* While the client is at work: do what an open message will need; world is the struct direct. */
void direct_prepare(void *world);

/* Put the connection under TLS; world is the struct direct. False when that failed: then the
 * connection is of no more use. */
bool direct_start_tls(void *world);

/* What that does when it is done by another process: TLS is up, and this list, which is used up,
 * says what it agreed on: set the variables, log it, and forget who has authenticated. Or it
 * failed, for the reason in errno. */
void direct_secured(struct direct *direct, struct text *list);
void direct_tls_failed(struct direct *direct);

void direct_free(struct direct *direct);

#endif
