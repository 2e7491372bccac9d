/*
 * lists: the questions of a session about domains, mailboxes and senders, put to the control files.
 *
 * The policy decides; here its questions find the files that the settings have read. Whoever wants
 * to know how it was decided gets each question written down. A cdb that is overwritten while it is
 * asked, and not replaced, gives LATER and a line in the log.
 */
#ifndef HOST_LISTS_H
#define HOST_LISTS_H

#include "base/record.h"
#include "host/settings.h"

struct lists {
	struct settings *settings;
	struct record *record; /* of the questions, by the names of the files; or NULL */
};

/* As hosted, mailbox and bad_sender of struct smtp_host. */
enum verdict lists_hosted(const struct lists *lists, struct span domain, struct text *why);
enum verdict lists_mailbox(const struct lists *lists, struct span address);
enum verdict lists_bad_sender(const struct lists *lists, struct span address);

#endif
