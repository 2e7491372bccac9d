/*
 * ask: the world of a session that runs confined in a process of its own.
 *
 * Answers struct smtp_host by asking the monitor, which is the process that has files, programs and
 * the log, with a frame (base/frame.h) for each request on a socket. The connection with the client
 * is this process's own, so replies and delays are made here. What needs no answer is gathered
 * until something does, or until ask_flush. Once the monitor cannot be reached any more every
 * question is answered LATER, and the client counts as gone.
 */
#ifndef HOST_ASK_H
#define HOST_ASK_H

#include <stdbool.h>

#include "base/text.h"
#include "host/client.h"
#include "smtp/session.h"

/* What can be asked, with the fields of each. Those marked with a star are answered, with a frame
 * of the same kind: a number (enum verdict), a span (hosted: the list; commit: the text), and a
 * span (commit: the enhanced code). "Bytes" are all the bytes of the frame, no field. */
enum request {
	REQUEST_EVENT,	      /* kind code has_sender has_recipient size recipients as numbers,
				 then reason why sender recipient user */
	REQUEST_HOSTED,	      /* * bytes: a domain */
	REQUEST_MAILBOX,      /* * bytes: an address */
	REQUEST_BAD_SENDER,   /* * bytes: an address */
	REQUEST_OWN_ADDRESS,  /* * the version as a number, then the address's bytes as a span */
	REQUEST_AUTHENTICATE, /* * user password */
	REQUEST_OPEN,	      /* * hello protocol */
	REQUEST_BODY,	      /* bytes */
	REQUEST_COMMIT,	      /* * bytes: an envelope */
	REQUEST_DISCARD,      /* nothing */
	REQUEST_SECURED,      /* bytes: the list of variables, unix/tls_request.h */
	REQUEST_TLS_FAILED,   /* errno as a number */
	REQUEST_LOGGED,	      /* * nothing: answered when all that came before is in the log */
	REQUEST_END,	      /* commands messages bytes as numbers */
	REQUEST_COUNT
};

#define ASK_BLOCK 65536 /* bytes of a message in one frame at most, and gathered at most */

struct ask {
	int socket;
	struct client *client;
	struct text out;    /* frames that are not sent yet */
	struct text answer; /* the frame that came last */
	bool is_lost;	    /* the monitor is gone */
	bool has_told;	    /* of what the log shall have, and no answer has come since */
	bool may_linger;    /* the program that had a message which was thrown away */
};

/* The client must stay. */
void ask_init(struct ask *ask, int socket, struct client *client);
void ask_free(struct ask *ask);

/* The table that a session is given. */
struct smtp_host ask_host(struct ask *ask);

/* Send what is gathered, and wait until the log has it: before the client is waited for. world is
 * the struct ask. */
void ask_flush(void *world);

/* As direct_start_tls; world is the struct ask. */
bool ask_start_tls(void *world);

/* The session is over: the last that is said. */
void ask_end(struct ask *ask, const struct smtp_totals *totals);

#endif
