/*
 * relay: may mail to this recipient pass, and why.
 *
 * The one decision that the suite is about, in the one place where it is made. It is a function of
 * what the environment said before SMTP began (in the settings), of the recipient, and of the lists
 * of hosted domains and mailboxes, which it asks its host for. The sender's domain is no part of
 * it: anybody can write any.
 */
#ifndef SMTP_RELAY_H
#define SMTP_RELAY_H

#include "base/text.h"
#include "smtp/path.h"
#include "smtp/reply.h"
#include "smtp/session.h"

/* Decide on a recipient whose syntax is right. REPLY_RECIPIENT_OK accepts it: then *why names what
 * let it pass (relayclient, auth:USER, rcpthosts, morercpthosts, norcpthosts or local), and the
 * address is as it must be queued. Any other reply refuses it. is_bad_sender: badmailfrom holds the
 * sender. user: who has authenticated, or empty. The host is asked with hosted and mailbox only. */
enum smtp_reply relay_decide(const struct smtp_settings *settings, const struct smtp_host *host,
			     bool is_bad_sender, struct span user, struct smtp_path *recipient,
			     struct text *why);

#endif
