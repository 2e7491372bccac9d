/*
 * reply: every reply that the dialogue can give, as one table of code, enhanced code and text.
 *
 * What is decided is a value of enum smtp_reply; text is made of it last, and here. Texts are those
 * of qmail-smtpd where it has one. Follows RFC 5321 section 4.2, RFC 2034 and RFC 3463.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

enum smtp_reply {
	REPLY_NONE, /* nothing is to be said */
	REPLY_GREETING,
	REPLY_HELLO,
	REPLY_SENDER_OK,
	REPLY_RECIPIENT_OK,
	REPLY_GO_AHEAD,
	REPLY_CHUNK_OK,
	REPLY_QUEUED,
	REPLY_RESET,
	REPLY_NOOP,
	REPLY_VERIFY,
	REPLY_HELP,
	REPLY_QUIT,
	REPLY_TLS_READY,
	REPLY_AUTH_OK,
	REPLY_AUTH_CHALLENGE,
	REPLY_AUTH_TOO_OFTEN,
	REPLY_TOO_MANY_ERRORS,
	REPLY_NOT_SMTP,
	REPLY_NO_MEMORY,
	REPLY_SHUTDOWN,
	REPLY_TIMEOUT,
	REPLY_STRAY_LF,
	REPLY_CANNOT_CHECK,
	REPLY_QUEUE_LATER,
	REPLY_RELAY_UNKNOWN,
	REPLY_TOO_MANY_RECIPIENTS,
	REPLY_AUTH_LATER,
	REPLY_TLS_BROKEN,
	REPLY_LINE_TOO_LONG,
	REPLY_NUL,
	REPLY_WANTS_ARGUMENT,
	REPLY_WANTS_NO_ARGUMENT,
	REPLY_BAD_PARAMETER,
	REPLY_SENDER_SYNTAX,
	REPLY_RECIPIENT_SYNTAX,
	REPLY_AUTH_CANCELED,
	REPLY_AUTH_MALFORMED,
	REPLY_UNIMPLEMENTED,
	REPLY_MAIL_FIRST,
	REPLY_RECIPIENT_FIRST,
	REPLY_MAIL_TWICE,
	REPLY_MIXED,
	REPLY_TLS_AGAIN,
	REPLY_AUTH_UNAVAILABLE,
	REPLY_AUTH_AGAIN,
	REPLY_AUTH_IN_TRANSACTION,
	REPLY_AUTH_UNKNOWN,
	REPLY_WANTS_TLS,
	REPLY_WANTS_AUTH,
	REPLY_AUTH_FAILED,
	REPLY_AUTH_WANTS_TLS,
	REPLY_NO_MAILBOX,
	REPLY_TOO_LARGE,
	REPLY_BAD_SENDER,
	REPLY_ODD_ADDRESS,
	REPLY_NOT_HOSTED,
	REPLY_NEEDS_UTF8,
	REPLY_TOO_MANY_HOPS,
	REPLY_QUEUE_REFUSED,
	REPLY_ADDRESS_TOO_LONG,
	REPLY_UNKNOWN_PARAMETER,
	REPLY_COUNT
};

struct smtp_reply_row {
	uint16_t code;
	const char *enhanced_code; /* "": none is ever given with this one */
	const char *text;	   /* NULL: the text is the caller's */
};

/* Bytes of a caller's text that are used, so that every line keeps within the 512 of RFC 5321
 * section 4.5.3.1.5: less code, enhanced code, blanks and CRLF. */
#define REPLY_DETAIL 490

extern const struct smtp_reply_row smtp_replies[REPLY_COUNT];

/* Append one reply line with its CRLF. says_enhanced: the client has said EHLO. enhanced_code, when
 * not empty, stands in for the row's. detail is the text of a row that has none; it is made
 * printable and cut so that the line keeps within the 512 bytes of RFC 5321 section 4.5.3.1.5. */
void reply_write(enum smtp_reply reply, bool says_enhanced, const char *enhanced_code,
		 struct span detail, struct text *out);

#endif
