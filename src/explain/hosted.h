/*
 * hosted: which domains smtpd takes mail for from strangers, and which entries of its lists can say
 * so.
 */
#ifndef EXPLAIN_HOSTED_H
#define EXPLAIN_HOSTED_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"
#include "host/settings.h"
#include "unix/interfaces.h"

/* Whether smtpd takes mail for the domain. Without rcpthosts it does so for every domain. */
bool hosted_has(struct settings *settings, struct span domain);

/* Whether there is a recipient whose domain, as smtpd reads it, the entry of rcpthosts or key of
 * morercpthosts.cdb can match. interfaces: this host's. */
bool hosted_can_match(struct span entry, struct interfaces *interfaces);

/* Whether the entry is an address literal of this host, such as [127.0.0.1]: before smtpd asks, it
 * puts localiphost in the place of each of these. */
bool hosted_is_own_address(struct span entry, struct interfaces *interfaces);

/* Append a hosted domain, in lower case: the first of rcpthosts, else of morercpthosts.cdb; where
 * neither has one, the name of this host. */
void hosted_example(struct settings *settings, struct text *domain);

#endif
