/*
 * state: what one session remembers; for the files that make up the session, and no others.
 *
 * line.c takes lines off the input, session.c dispatches commands, transaction.c handles the
 * commands that make an envelope, message.c takes the message itself, and login.c AUTH and
 * STARTTLS.
 */
#ifndef SMTP_STATE_H
#define SMTP_STATE_H

#include "smtp/body.h"
#include "smtp/command.h"
#include "smtp/path.h"
#include "smtp/reply.h"
#include "smtp/sasl.h"
#include "smtp/session.h"

#define LINE_LARGEST 2048 /* bytes of a command line, its end included */
/* Bytes; with what is made of it, it is the largest thing in memory. */
#define TRANSACTION_LARGEST (1024 * 1024)
#define RECIPIENT_COST	    16 /* bytes of it that each recipient takes besides its address */

/* What the next bytes from the client are. */
enum smtp_input {
	INPUT_COMMAND,
	INPUT_LONG_LINE, /* the rest of a command line that is thrown away */
	INPUT_DATA,
	INPUT_CHUNK,
	INPUT_AUTH,   /* a line of an AUTH exchange */
	INPUT_TLS,    /* clear text that is dropped: TLS is being started */
	INPUT_CLOSED, /* not looked at any more */
};

struct smtp_session {
	const struct smtp_settings *settings;
	const struct smtp_host *host;
	enum smtp_input input;
	struct text line; /* a command line that is not whole yet */
	uint32_t errors;  /* replies of 400 and more */
	struct smtp_totals totals;

	bool has_quit;	   /* the client said QUIT */
	bool is_extended;  /* the client said EHLO, not HELO */
	struct text hello; /* what it called itself */

	bool is_secured;  /* under TLS */
	struct text user; /* who has authenticated; empty: nobody */
	struct sasl sasl; /* the exchange that is going on */
	unsigned auth_failures;

	/* The transaction: phase says how much of it is there. */
	enum smtp_phase phase;
	bool is_utf8;	    /* MAIL said SMTPUTF8 */
	bool is_bad_sender; /* badmailfrom */
	struct text sender;
	struct text envelope; /* as for commit, without the last NUL */
	uint32_t recipients;
	struct text why; /* why the first recipient was accepted */
	bool is_open;	 /* the host has a message open */
	uint64_t opened; /* messages so far that were */

	/* The command that is being handled. */
	struct smtp_path path;
	bool has_recipient; /* event lines name this recipient */
	struct span recipient;
	uint64_t chunk_size, chunk_left; /* of BDAT, bytes */
	bool is_last_chunk;
	enum smtp_reply chunk_refusal; /* what is said when the chunk has been thrown away */

	struct smtp_body body;
	char *room; /* for the body */

	/* Where the texts above begin: few sessions need more. */
	struct {
		char envelope[256], hello[64], sender[64], why[64], address[64];
	} short_texts;
};

/* Say a reply, log it if it is a refusal, and count it as an error then. detail is the text of a
 * reply that has none of its own. */
void session_say(struct smtp_session *session, enum smtp_reply reply);
void session_say_detail(struct smtp_session *session, enum smtp_reply reply,
			const char *enhanced_code, struct span detail);

/* Forget the transaction, and the open message with it. */
void session_reset(struct smtp_session *session);

/* Say a last reply and take no more input. */
void session_hang_up(struct smtp_session *session, enum smtp_reply reply);

/* The handlers. Phase and presence of the argument are checked. */
void transaction_mail(struct smtp_session *session, struct span argument);
void transaction_rcpt(struct smtp_session *session, struct span argument);
void message_data(struct smtp_session *session);
void message_bdat(struct smtp_session *session, struct span argument);
void login_auth(struct smtp_session *session, struct span argument);
void login_start_tls(struct smtp_session *session);

/* Take bytes from the front of *input up to the end of a line. True when it is whole: *line is it,
 * without its end. One that is too long is thrown away from there on. */
bool line_take(struct smtp_session *session, struct span *input, struct span *line);

/* Throw away what belongs to the line, in INPUT_LONG_LINE, and say so at its end. */
void line_throw_away(struct smtp_session *session, struct span *input);

/* Take bytes from the front of *input, in INPUT_DATA and INPUT_CHUNK. */
void message_take_data(struct smtp_session *session, struct span *input);
void message_take_chunk(struct smtp_session *session, struct span *input);

/* Whether AUTH can be had in the state of the connection. */
bool login_is_possible(const struct smtp_session *session);

/* Take one line of an AUTH exchange, in INPUT_AUTH. */
void login_take_line(struct smtp_session *session, struct span line);

#endif
