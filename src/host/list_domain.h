/*
 * list_domain: which entries of a list of domains can ever match a recipient's.
 *
 * Asked is smtpd's own reader of recipients, so that nobody has to say a second time what a domain
 * may look like.
 */
#ifndef HOST_LIST_DOMAIN_H
#define HOST_LIST_DOMAIN_H

#include <stdbool.h>

#include "base/span.h"

/* Whether there is a recipient whose domain, as smtpd reads it, is this one, in lower case or not.
 * A dot at the end it takes off before it asks, and a byte order mark is no part of a domain. */
bool list_domain_can_be(struct span domain);

/* The same for an entry of rcpthosts or morercpthosts, which may be ".domain": all below it. */
bool list_domain_can_match(struct span entry);

#endif
