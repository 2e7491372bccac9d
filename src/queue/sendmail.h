/*
 * sendmail: the command line of sendmail(1) for an envelope, and what its exit code means.
 *
 * The addresses of the command line are read as those of a header: commas, comments and quotes mean
 * something. So they are written in the syntax of RFC 5321, and an envelope with an address that
 * has no such form is not handed on at all.
 */
#ifndef QUEUE_SENDMAIL_H
#define QUEUE_SENDMAIL_H

#include <stdbool.h>

#include "base/text.h"
#include "queue/envelope.h"
#include "queue/status.h"

struct sendmail {
	char **arguments; /* NULL-ended: the program, -i -f SENDER -- RECIPIENT... */
	struct text bytes;
};

enum sendmail_step {
	SENDMAIL_READY,
	SENDMAIL_NO_ADDRESS, /* an address cannot be written; it is in *text */
	SENDMAIL_NO_MEMORY,
};

/* Make the command line for a complete envelope. *text gets the address that cannot be written,
 * made printable. */
enum sendmail_step sendmail_init(struct sendmail *sendmail, const char *program,
				 const struct envelope *envelope, struct text *text);

void sendmail_free(struct sendmail *sendmail);

/* What an exit code of sysexits(3), or one of qmail's sendmail, means. What is for the
 * administrator to mend is never a refusal for good. */
enum queue_status sendmail_status(int code);

#endif
