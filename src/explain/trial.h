/*
 * trial: one recipient, put to a session as a client would put it, and all that was asked for it.
 *
 * It is smtpd's own session that is held, over the control files that smtpd reads; only the client
 * is missing, and the message. So the replies are those that smtpd gives, byte for byte. Each
 * recipient has a session of its own: what one says does not hang on how many came before.
 */
#ifndef EXPLAIN_TRIAL_H
#define EXPLAIN_TRIAL_H

#include <stdbool.h>

#include "base/record.h"
#include "base/text.h"
#include "host/settings.h"
#include "smtp/reply.h"
#include "unix/interfaces.h"

struct trial {
	struct settings *settings;
	struct interfaces interfaces;
	struct record record; /* questions put to lists */

	/* What became of the recipient tried last. */
	struct text mail_reply, reply;	 /* to MAIL and RCPT: one line, without its CRLF */
	enum smtp_reply mail_said, said; /* the same as rows of the table of replies */
	struct text why;		 /* what let it pass, as the log says it; or empty */
	/* As it is decided on and queued, or as it was sent when it could not be read; empty when
	 * not even the command could be. */
	struct text address;
	enum verdict hosted, mailbox; /* what was answered, where it was asked */
	bool was_hosted_asked, was_mailbox_asked;
	bool failed; /* memory was short, and this is not all */
};

/* The settings must stay. */
void trial_init(struct trial *trial, struct settings *settings);
void trial_free(struct trial *trial);

/* Ask for a recipient of a message from a sender. An address in angle brackets is sent as it is,
 * another one in angle brackets; there may be no LF in it. says_helo: the client greets with HELO,
 * not EHLO. */
void trial_hold(struct trial *trial, bool says_helo, struct span sender, struct span recipient);

/* Whether the recipient was accepted; LATER: it could not be found out, which is another thing than
 * a client being told to come again. */
enum verdict trial_verdict(const struct trial *trial);

#endif
