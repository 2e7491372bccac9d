#include "smtp/session.h"

#include <assert.h>
#include <string.h>

#include "smtp/state.h"

/* Bytes of all its lines: the answer to EHLO, with REPLY_DETAIL and all extensions, is the longest.
 */
#define LONGEST_REPLY (REPLY_DETAIL + 200)

/* --- replies --- */

void session_say_detail(struct smtp_session *session, enum smtp_reply reply,
			const char *enhanced_code, struct span detail)
{
	const struct smtp_reply_row *row = &smtp_replies[reply];
	struct smtp_event event = {
		.kind = SMTP_REFUSE,
		.code = row->code,
		.reason = row->text ? span_of(row->text) : detail,
		.has_sender = session->phase != PHASE_IDLE,
		.sender = text_span(&session->sender),
		.has_recipient = session->has_recipient,
		.recipient = session->has_recipient ? session->recipient : (struct span){NULL, 0},
	};
	char room[LONGEST_REPLY + 1];
	struct text out;

	text_init_in(&out, room, sizeof(room));
	reply_write(reply, session->is_extended, enhanced_code, detail, &out);
	assert(!out.failed);
	session->host->reply(session->host->world, text_span(&out));
	if (row->code >= 400) {
		session->errors++;
		session->host->event(session->host->world, &event);
	}
}

void session_say(struct smtp_session *session, enum smtp_reply reply)
{
	session_say_detail(session, reply, "", (struct span){NULL, 0});
}

void session_hang_up(struct smtp_session *session, enum smtp_reply reply)
{
	session_say(session, reply);
	session_reset(session);
	session->input = INPUT_CLOSED;
}

/* The texts behind 220, 250 and 221 are the greeting of the settings. */
static void say_greeting(struct smtp_session *session, enum smtp_reply reply, struct span suffix)
{
	char room[REPLY_DETAIL + 1];
	struct text text;

	text_init_in(&text, room, sizeof(room));
	text_add(&text, span_head(session->settings->greeting, REPLY_DETAIL - suffix.length));
	text_add(&text, suffix);
	session_say_detail(session, reply, "", text_span(&text));
}

/* --- commands --- */

void session_reset(struct smtp_session *session)
{
	if (session->is_open)
		session->host->discard(session->host->world);
	session->is_open = false;
	session->phase = PHASE_IDLE;
	session->is_utf8 = session->is_bad_sender = false;
	session->recipients = 0;
	text_clear(&session->sender);
	text_clear(&session->envelope);
	text_clear(&session->why);
}

static void say_extensions(struct smtp_session *session)
{
	char room[LONGEST_REPLY + 1];
	struct text out;

	text_init_in(&out, room, sizeof(room));
	text_add_string(&out, "250-");
	text_add_printable(&out, span_head(session->settings->greeting, REPLY_DETAIL),
			   (struct span){NULL, 0});
	text_add_string(&out, "\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE");
	if (session->settings->largest_message) {
		text_add_byte(&out, ' ');
		text_add_number(&out, session->settings->largest_message);
	}
	text_add_string(&out, "\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n");
	if (session->settings->tls == SMTP_TLS_OFFERED && !session->is_secured)
		text_add_string(&out, "250-STARTTLS\r\n");
	if (login_is_possible(session))
		text_add_string(&out, "250-AUTH LOGIN PLAIN\r\n");
	text_add_string(&out, "250 CHUNKING\r\n");
	assert(!out.failed);
	session->host->reply(session->host->world, text_span(&out));
}

static void hello(struct smtp_session *session, struct span argument, bool is_extended)
{
	session_reset(session);
	text_clear(&session->hello);
	text_add(&session->hello, argument);
	session->is_extended = false; /* its own reply has no enhanced code */
	if (session->hello.failed) {
		session_hang_up(session, REPLY_NO_MEMORY);
	} else if (is_extended) {
		say_extensions(session);
		session->is_extended = true;
	} else {
		say_greeting(session, REPLY_HELLO, SPAN(""));
	}
}

static void quit(struct smtp_session *session)
{
	session_reset(session);
	say_greeting(session, REPLY_QUIT, SPAN(""));
	session->input = INPUT_CLOSED;
	session->has_quit = true;
}

static enum smtp_reply out_of_order(const struct smtp_session *session, enum smtp_verb verb)
{
	if (verb == VERB_MAIL)
		return REPLY_MAIL_TWICE;
	if (verb == VERB_AUTH)
		return REPLY_AUTH_IN_TRANSACTION;
	switch (session->phase) {
	case PHASE_IDLE: return REPLY_MAIL_FIRST;
	case PHASE_SENDER: return REPLY_RECIPIENT_FIRST;
	default: return REPLY_MIXED;
	}
}

static void obey(struct smtp_session *session, enum smtp_verb verb, struct span argument)
{
	switch (verb) {
	case VERB_HELO: hello(session, argument, false); break;
	case VERB_EHLO: hello(session, argument, true); break;
	case VERB_MAIL: transaction_mail(session, argument); break;
	case VERB_RCPT: transaction_rcpt(session, argument); break;
	case VERB_DATA: message_data(session); break;
	case VERB_BDAT: message_bdat(session, argument); break;
	case VERB_RSET:
		session_reset(session);
		session_say(session, REPLY_RESET);
		break;
	case VERB_NOOP: session_say(session, REPLY_NOOP); break;
	case VERB_VRFY: session_say(session, REPLY_VERIFY); break;
	case VERB_HELP: session_say(session, REPLY_HELP); break;
	case VERB_QUIT: quit(session); break;
	case VERB_AUTH: login_auth(session, argument); break;
	case VERB_STARTTLS: login_start_tls(session); break;
	case VERB_UNKNOWN:
	case VERB_COUNT: session_say(session, REPLY_UNIMPLEMENTED); break;
	}
}

/* Check what the command's row says, then obey. */
static void dispatch(struct smtp_session *session, struct span line)
{
	struct span argument;
	enum smtp_verb verb = command_read(line, &argument);
	const struct smtp_command_row *row = &smtp_commands[verb];

	session->has_recipient = false;
	if (verb == VERB_UNKNOWN && command_is_http(line))
		session_hang_up(session, REPLY_NOT_SMTP);
	else if (span_find(line, '\0') < line.length)
		session_say(session, REPLY_NUL);
	else if (row->argument == ARGUMENT_NONE && argument.length)
		session_say(session, REPLY_WANTS_NO_ARGUMENT);
	else if (!(row->phases & session->phase))
		session_say(session, out_of_order(session, verb));
	else if (row->argument == ARGUMENT_REQUIRED && !argument.length)
		session_say(session, REPLY_WANTS_ARGUMENT);
	else
		obey(session, verb, argument);
	session->has_recipient = false;
}

/* --- input --- */

/* A TLS record that carries a handshake, RFC 8446 section 5.1: its first two bytes. */
static bool is_tls(const struct text *line, struct span part)
{
	int first = line->length ? span_byte(text_span(line), 0) : span_byte(part, 0);
	int second = line->length == 1 ? span_byte(part, 0)
		     : line->length    ? span_byte(text_span(line), 1)
				       : span_byte(part, 1);

	return first == 0x16 && second == 0x03;
}

static void take_command(struct smtp_session *session, struct span *input)
{
	struct span line;

	if (is_tls(&session->line, *input)) {
		session_hang_up(session, REPLY_NOT_SMTP);
	} else if (line_take(session, input, &line)) {
		dispatch(session, line);
		text_clear(&session->line);
	}
}

static void take_auth_line(struct smtp_session *session, struct span *input)
{
	struct span line;

	if (line_take(session, input, &line)) {
		login_take_line(session, line);
		text_clear(&session->line);
	}
}

static bool has_too_many_errors(const struct smtp_session *session)
{
	return session->settings->most_errors && session->errors >= session->settings->most_errors;
}

enum smtp_step smtp_session_feed(struct smtp_session *session, struct span bytes)
{
	while (bytes.length && session->input != INPUT_CLOSED) {
		switch (session->input) {
		case INPUT_COMMAND: take_command(session, &bytes); break;
		case INPUT_LONG_LINE: line_throw_away(session, &bytes); break;
		case INPUT_DATA: message_take_data(session, &bytes); break;
		case INPUT_CHUNK: message_take_chunk(session, &bytes); break;
		case INPUT_AUTH: take_auth_line(session, &bytes); break;
		case INPUT_TLS: return SMTP_START_TLS;
		case INPUT_CLOSED: break;
		}
		if (session->input != INPUT_CLOSED && has_too_many_errors(session))
			session_hang_up(session, REPLY_TOO_MANY_ERRORS);
	}
	if (session->input == INPUT_TLS)
		return SMTP_START_TLS;
	if (session->input == INPUT_CLOSED)
		return session->has_quit ? SMTP_QUIT : SMTP_CLOSE;
	return SMTP_MORE;
}

/* --- life --- */

static_assert(sizeof(struct smtp_session) <= SMTP_SESSION, "a session has its place in the room");

#define INIT_SHORT(session, text, field, maximum)                       \
	text_init_short(&(session)->text, (session)->short_texts.field, \
			sizeof((session)->short_texts.field), maximum)

struct smtp_session *smtp_session_new(const struct smtp_settings *settings,
				      const struct smtp_host *host, struct smtp_room *room)
{
	struct smtp_session *session = (void *)room->session;

	memset(session, 0, sizeof(*session));
	session->settings = settings;
	session->host = host;
	session->room = room->body;
	session->phase = PHASE_IDLE;
	session->input = INPUT_COMMAND;
	text_init(&session->line, SASL_LARGEST);
	INIT_SHORT(session, hello, hello, LINE_LARGEST);
	INIT_SHORT(session, sender, sender, LINE_LARGEST);
	INIT_SHORT(session, envelope, envelope, TRANSACTION_LARGEST);
	INIT_SHORT(session, why, why, LINE_LARGEST + SASL_LARGEST);
	text_init(&session->user, SASL_LARGEST);
	sasl_init(&session->sasl);
	session->is_secured = settings->is_secured;
	INIT_SHORT(session, path.address, address,
		   2 * LINE_LARGEST + settings->relay_suffix.length);
	say_greeting(session, REPLY_GREETING, SPAN(" ESMTP"));
	return session;
}

void smtp_session_secured(struct smtp_session *session)
{
	session_reset(session);
	session->input = INPUT_COMMAND;
	session->is_secured = true;
	session->is_extended = false;
	text_clear(&session->hello);
	text_clear(&session->user);
	text_clear(&session->line);
}

void smtp_session_end(struct smtp_session *session, enum smtp_end reason)
{
	if (session->input == INPUT_CLOSED)
		return;
	session->has_recipient = false;
	switch (reason) {
	case SMTP_TIMEOUT: session_hang_up(session, REPLY_TIMEOUT); break;
	case SMTP_SHUTDOWN: session_hang_up(session, REPLY_SHUTDOWN); break;
	case SMTP_GONE:
		session_reset(session);
		session->input = INPUT_CLOSED;
		break;
	}
}

bool smtp_session_in_data(const struct smtp_session *session)
{
	return session->input == INPUT_DATA || session->input == INPUT_CHUNK;
}

uint64_t smtp_session_message(const struct smtp_session *session)
{
	if (session->is_open)
		return session->opened;
	return session->input == INPUT_CHUNK ? UINT64_MAX - session->totals.commands : 0;
}

struct smtp_totals smtp_session_totals(const struct smtp_session *session)
{
	return session->totals;
}

void smtp_session_free(struct smtp_session *session)
{
	session_reset(session);
	sasl_clear(&session->sasl);
	text_wipe(&session->line);
	text_free(&session->sasl.user);
	text_free(&session->sasl.password);
	text_free(&session->user);
	text_free(&session->line);
	text_free(&session->hello);
	text_free(&session->sender);
	text_free(&session->envelope);
	text_free(&session->why);
	text_free(&session->path.address);
}
