/*
 * recheck: may a message with this envelope be queued for this client?
 *
 * The decision on each recipient made once more, by the same function and from the finished
 * envelope alone, for whoever does not trust the session that has made it before.
 */
#ifndef HOST_RECHECK_H
#define HOST_RECHECK_H

#include "smtp/session.h"

/* host answers bad_sender, hosted and mailbox. is_authenticated, is_secured: what is known of the
 * client. YES: a session that obeys the settings could have made this envelope, each address of it
 * being as smtp/path makes them. LATER: it cannot be found out now. */
enum verdict recheck_envelope(const struct smtp_settings *settings, const struct smtp_host *host,
			      bool is_authenticated, bool is_secured, struct span envelope);

#endif
