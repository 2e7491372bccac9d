#include "smtp/reply.h"

#include <assert.h>

const struct smtp_reply_row smtp_replies[REPLY_COUNT] = {
	[REPLY_GREETING] = {220, "", NULL},
	[REPLY_HELLO] = {250, "", NULL},
	[REPLY_SENDER_OK] = {250, "2.1.0", "ok"},
	[REPLY_RECIPIENT_OK] = {250, "2.1.5", "ok"},
	[REPLY_GO_AHEAD] = {354, "", "go ahead"},
	[REPLY_CHUNK_OK] = {250, "2.0.0", NULL},
	[REPLY_QUEUED] = {250, "2.0.0", NULL},
	[REPLY_RESET] = {250, "2.0.0", "flushed"},
	[REPLY_NOOP] = {250, "2.0.0", "ok"},
	[REPLY_VERIFY] = {252, "2.5.0", "send some mail, i'll try my best"},
	[REPLY_HELP] = {214, "2.0.0", "this is tidewaiter's smtpd; see RFC 5321"},
	[REPLY_QUIT] = {221, "2.0.0", NULL},
	[REPLY_TLS_READY] = {220, "2.0.0", "ready for TLS"},
	[REPLY_AUTH_OK] = {235, "2.7.0", "ok, go ahead (#2.7.0)"},
	[REPLY_AUTH_CHALLENGE] = {334, "", NULL},
	[REPLY_AUTH_TOO_OFTEN] = {421, "4.7.0", "too many failed logins, good bye (#4.7.0)"},
	[REPLY_TOO_MANY_ERRORS] = {421, "4.7.0", "too many errors, good bye (#4.7.0)"},
	[REPLY_NOT_SMTP] = {421, "4.7.0", "this is not SMTP, good bye (#4.7.0)"},
	[REPLY_NO_MEMORY] = {421, "4.3.0", "out of memory (#4.3.0)"},
	[REPLY_SHUTDOWN] = {421, "4.3.2", "this host is shutting down (#4.3.2)"},
	[REPLY_TIMEOUT] = {451, "4.4.2", "timeout (#4.4.2)"},
	[REPLY_STRAY_LF] = {451, "4.6.0", "See https://cr.yp.to/docs/smtplf.html."},
	[REPLY_CANNOT_CHECK] = {451, "4.3.0", "unable to read controls (#4.3.0)"},
	[REPLY_QUEUE_LATER] = {451, "4.3.0", NULL},
	[REPLY_RELAY_UNKNOWN] = {451, "4.7.1",
				 "sorry, I can't tell right now whether you may relay (#4.7.1)"},
	[REPLY_TOO_MANY_RECIPIENTS] = {452, "4.5.3", "too many recipients (#4.5.3)"},
	[REPLY_AUTH_LATER] = {454, "4.7.0", "oops, I can't authenticate you right now (#4.7.0)"},
	[REPLY_TLS_BROKEN] = {454, "4.7.0", "TLS is not available right now (#4.7.0)"},
	[REPLY_LINE_TOO_LONG] = {500, "5.5.2", "line too long (#5.5.2)"},
	[REPLY_NUL] = {501, "5.5.2", "there is a NUL in that command (#5.5.2)"},
	[REPLY_WANTS_ARGUMENT] = {501, "5.5.4", "that command wants an argument (#5.5.4)"},
	[REPLY_WANTS_NO_ARGUMENT] = {501, "5.5.4", "that command takes no argument (#5.5.4)"},
	[REPLY_BAD_PARAMETER] = {501, "5.5.4", "syntax error in parameters (#5.5.4)"},
	[REPLY_SENDER_SYNTAX] = {501, "5.1.7", "syntax error in sender address (#5.1.7)"},
	[REPLY_RECIPIENT_SYNTAX] = {501, "5.1.3", "syntax error in recipient address (#5.1.3)"},
	[REPLY_AUTH_CANCELED] = {501, "5.7.0", "auth exchange canceled (#5.7.0)"},
	[REPLY_AUTH_MALFORMED] = {501, "5.5.2", "malformed auth input (#5.5.2)"},
	[REPLY_UNIMPLEMENTED] = {502, "5.5.1", "unimplemented (#5.5.1)"},
	[REPLY_MAIL_FIRST] = {503, "5.5.1", "MAIL first (#5.5.1)"},
	[REPLY_RECIPIENT_FIRST] = {503, "5.5.1", "RCPT first (#5.5.1)"},
	[REPLY_MAIL_TWICE] = {503, "5.5.1", "one message at a time (#5.5.1)"},
	[REPLY_MIXED] = {503, "5.5.1", "the message has begun with BDAT (#5.5.1)"},
	[REPLY_TLS_AGAIN] = {503, "5.5.1", "TLS is on already (#5.5.1)"},
	[REPLY_AUTH_UNAVAILABLE] = {503, "5.5.1", "auth not available (#5.5.1)"},
	[REPLY_AUTH_AGAIN] = {503, "5.5.1", "you're already authenticated (#5.5.1)"},
	[REPLY_AUTH_IN_TRANSACTION] = {503, "5.5.1", "no auth during mail transaction (#5.5.1)"},
	[REPLY_AUTH_UNKNOWN] = {504, "5.5.4", "auth type unimplemented (#5.5.4)"},
	[REPLY_WANTS_TLS] = {530, "5.7.0", "must issue a STARTTLS command first (#5.7.0)"},
	[REPLY_WANTS_AUTH] = {530, "5.7.0", "authentication required (#5.7.0)"},
	[REPLY_AUTH_FAILED] = {535, "5.7.8", "authentication failed (#5.7.8)"},
	[REPLY_AUTH_WANTS_TLS] = {538, "5.7.11", "auth not available without TLS (#5.7.11)"},
	[REPLY_NO_MAILBOX] = {550, "5.1.1", "sorry, no mailbox here by that name (#5.1.1)"},
	[REPLY_TOO_LARGE] = {552, "5.3.4",
			     "sorry, that message size exceeds my databytes limit (#5.3.4)"},
	[REPLY_BAD_SENDER] = {553, "5.7.1",
			      "sorry, your envelope sender is in my badmailfrom list (#5.7.1)"},
	[REPLY_ODD_ADDRESS] = {553, "5.7.1", "sorry, I don't take that form of address (#5.7.1)"},
	[REPLY_NOT_HOSTED] = {553, "5.7.1",
			      "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"},
	[REPLY_NEEDS_UTF8] = {553, "5.6.7", "that address wants SMTPUTF8 (#5.6.7)"},
	[REPLY_TOO_MANY_HOPS] = {554, "5.4.6", "too many hops, this message is looping (#5.4.6)"},
	[REPLY_QUEUE_REFUSED] = {554, "5.3.0", NULL},
	[REPLY_ADDRESS_TOO_LONG] = {555, "5.5.4", "syntax error (#5.5.4)"},
	[REPLY_UNKNOWN_PARAMETER] = {555, "5.5.4", "unknown parameter (#5.5.4)"},
};

/* Whether a detail has the code at its beginning, as the words of some queue programs have. */
static bool has_said(struct span detail, const char *enhanced_code)
{
	struct span code = span_of(enhanced_code);

	return span_starts(detail, code) && span_byte(detail, code.length) == ' ';
}

void reply_write(enum smtp_reply reply, bool says_enhanced, const char *enhanced_code,
		 struct span detail, struct text *out)
{
	const struct smtp_reply_row *row = &smtp_replies[reply];
	const char *enhanced = *enhanced_code ? enhanced_code : row->enhanced_code;

	assert(row->code != 0);
	text_add_number(out, row->code);
	text_add_byte(out, ' ');
	if (says_enhanced && *row->enhanced_code && !has_said(detail, enhanced)) {
		text_add_string(out, enhanced);
		text_add_byte(out, ' ');
	}
	if (row->text)
		text_add_string(out, row->text);
	else
		text_add_printable(out, span_head(detail, REPLY_DETAIL), (struct span){NULL, 0});
	text_add_string(out, "\r\n");
}
