/*
 * forward: one message handed on to the next hops of its recipients, all or nothing.
 *
 * There is one answer for the whole message. So nothing is sent before each next hop has accepted
 * each of its recipients and lets us send: a refusal up to then is one of the message, which nobody
 * has got. When a next hop refuses afterwards what another one, or LMTP for another recipient, has
 * accepted, then a refusal for now stands for all (who has the message gets it twice), and one for
 * good says that others have it.
 */
#ifndef HOST_FORWARD_H
#define HOST_FORWARD_H

#include "base/lookup.h"
#include "host/smtp_client.h"
#include "host/submission.h"

/* Hand the message on. YES: all have it. result->words is what the next hop said, or why there is
 * none. */
void forward(struct submission *submission, const struct lookup *routes,
	     const struct smtp_client_settings *settings, struct smtp_result *result);

#endif
