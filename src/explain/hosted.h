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

/* Whether smtpd takes mail for the domain. Without rcpthosts it does so for every domain. */
bool hosted_has(struct settings *settings, struct span domain);

/* Whether there is a recipient whose domain, as smtpd reads it, the entry of rcpthosts or key of
 * morercpthosts.cdb can match. */
bool hosted_can_match(struct span entry);

/* Append a hosted domain, in lower case: the first of rcpthosts, else of morercpthosts.cdb; where
 * neither has one, the name of this host. */
void hosted_example(struct settings *settings, struct text *domain);

#endif
