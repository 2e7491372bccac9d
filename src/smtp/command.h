/*
 * command: the commands of the dialogue, and what must be true before each is obeyed.
 *
 * A row of the table says all preconditions of a command; the dispatcher checks them, so that no
 * handler repeats them. Follows RFC 5321 section 4.1, RFC 3030, RFC 3207 and
 * RFC 4954.
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum smtp_verb {
	VERB_UNKNOWN,
	VERB_HELO,
	VERB_EHLO,
	VERB_MAIL,
	VERB_RCPT,
	VERB_DATA,
	VERB_BDAT,
	VERB_RSET,
	VERB_NOOP,
	VERB_VRFY,
	VERB_HELP,
	VERB_QUIT,
	VERB_AUTH,
	VERB_STARTTLS,
	VERB_COUNT
};

/* How far a mail transaction has come: bits, so that a row can name several. */
enum smtp_phase {
	PHASE_IDLE = 1,	      /* no MAIL yet */
	PHASE_SENDER = 2,     /* MAIL, and no recipient was taken */
	PHASE_RECIPIENTS = 4, /* at least one recipient */
	PHASE_CHUNKS = 8,     /* BDAT has begun the message */
	PHASE_ANY = 15,
};

enum smtp_argument { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED };

struct smtp_command_row {
	const char *verb;
	uint8_t phases; /* of enum smtp_phase: where it is in order */
	enum smtp_argument argument;
};

extern const struct smtp_command_row smtp_commands[VERB_COUNT];

/* Split a line, without its line end, at the first blank. The argument has no blanks around it. */
enum smtp_verb command_read(struct span line, struct span *argument);

/* Whether a line that is no SMTP command is the first one of a HTTP request. */
bool command_is_http(struct span line);

#endif
