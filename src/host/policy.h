/*
 * policy: which domains are hosted here, which mailboxes they have, whose mail is refused.
 *
 * Decided by questions to lookups and by nothing else: smtpd hands in the control files, tests
 * arrays, and whoever explains a decision lookups that note each question.
 */
#ifndef HOST_POLICY_H
#define HOST_POLICY_H

#include "base/lookup.h"
#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"

/* Is the domain hosted? Asked for are the domain, then what begins at each of its dots, first in
 * rcpthosts, then in morercpthosts (NULL when there is none). Without rcpthosts (NULL) every domain
 * is, and morercpthosts is not asked. Appends rcpthosts, morercpthosts or norcpthosts to *why. The
 * domain is in lower case. */
enum verdict policy_hosted(const struct lookup *rcpthosts, const struct lookup *morercpthosts,
			   struct span domain, struct text *why);

/* Is there such a mailbox? Asked for are local@domain, then prefix-*@domain and prefix+*@domain for
 * each '-' and '+' in the local part, the longest prefix first, then @domain; all in lower case. A
 * local part with upper case letters is asked for in its own form too. A hosted domain of which
 * recipients holds nothing has no mailbox: the list is the whole truth. Without recipients (NULL)
 * every mailbox is there. */
enum verdict policy_mailbox(const struct lookup *recipients, struct span address);

/* Is mail from this sender refused? Asked for are the address and its @domain. */
enum verdict policy_bad_sender(const struct lookup *badmailfrom, struct span address);

#endif
