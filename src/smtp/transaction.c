#include "smtp/parameters.h"
#include "smtp/relay.h"
#include "smtp/state.h"

/* --- MAIL --- */

/* Read the path behind FROM: or TO: into session->path. */
static enum smtp_reply read_path(struct smtp_session *session, struct span argument,
				 struct span word, enum smtp_reply syntax, struct span *rest)
{
	struct address address;

	if (!span_starts_folded(argument, word))
		return REPLY_BAD_PARAMETER;
	switch (path_read(span_tail(argument, word.length), &session->path, rest)) {
	case PATH_OK: break;
	case PATH_SYNTAX: return syntax;
	case PATH_TOO_LONG: return REPLY_ADDRESS_TOO_LONG;
	case PATH_NO_MEMORY: return REPLY_NO_MEMORY;
	}
	if (!session->path.is_utf8)
		return syntax;
	if (path_literal(&session->path, &address) &&
	    session->host->own_address(session->host->world, &address))
		path_set_domain(&session->path, session->settings->local_ip_host);
	if (session->path.address.failed)
		return REPLY_NO_MEMORY;
	return session->path.address.length > PATH_LARGEST ? REPLY_ADDRESS_TOO_LONG : REPLY_NONE;
}

/* What the log shows of an argument that could not be read. */
static struct span without_word(struct span argument, struct span word)
{
	return span_starts_folded(argument, word) ? span_tail(argument, word.length) : argument;
}

static enum smtp_reply ask_sender(struct smtp_session *session)
{
	struct span sender = text_span(&session->path.address);

	if (sender.length == 0)
		return REPLY_NONE;
	switch (session->host->bad_sender(session->host->world, sender)) {
	case VERDICT_NO: break;
	case VERDICT_YES: session->is_bad_sender = true; break;
	case VERDICT_LATER: return REPLY_CANNOT_CHECK;
	}
	return REPLY_NONE;
}

static enum smtp_reply judge_sender(struct smtp_session *session, struct span argument)
{
	struct mail_parameters parameters;
	uint64_t largest = session->settings->largest_message;
	struct span rest;
	enum smtp_reply reply;

	reply = read_path(session, argument, SPAN("from:"), REPLY_SENDER_SYNTAX, &rest);
	if (reply == REPLY_NONE)
		reply = parameters_read(rest, &parameters);
	if (reply != REPLY_NONE)
		return reply;
	if (largest && parameters.size > largest)
		return REPLY_TOO_LARGE;
	if (session->path.is_beyond_ascii && !parameters.has_utf8)
		return REPLY_NEEDS_UTF8;
	reply = ask_sender(session);
	if (reply != REPLY_NONE)
		return reply;
	session->is_utf8 = parameters.has_utf8;
	text_add(&session->sender, text_span(&session->path.address));
	text_add_byte(&session->envelope, 'F');
	text_add(&session->envelope, text_span(&session->path.address));
	text_add_byte(&session->envelope, '\0');
	if (session->sender.failed || session->envelope.failed)
		return REPLY_NO_MEMORY;
	return REPLY_SENDER_OK;
}

/* Say what was decided; trouble with memory ends the session, since what is remembered of the
 * transaction can no longer be trusted. */
static void conclude(struct smtp_session *session, enum smtp_reply reply)
{
	if (reply == REPLY_NO_MEMORY)
		session_hang_up(session, reply);
	else
		session_say(session, reply);
}

static enum smtp_reply judge_client(const struct smtp_session *session)
{
	if (session->settings->requires_tls && !session->is_secured)
		return REPLY_WANTS_TLS;
	if (session->settings->requires_auth && !session->user.length)
		return REPLY_WANTS_AUTH;
	return REPLY_NONE;
}

/* What the log shows of a sender that was refused: the address, or what could not be read. */
static void name_sender(struct smtp_session *session, struct span argument)
{
	struct span rest, given = without_word(argument, SPAN("from:"));

	text_clear(&session->sender);
	if (path_read(given, &session->path, &rest) == PATH_OK)
		text_add(&session->sender, text_span(&session->path.address));
	else
		text_add(&session->sender, given);
}

void transaction_mail(struct smtp_session *session, struct span argument)
{
	enum smtp_reply reply = judge_client(session);

	if (reply == REPLY_NONE)
		reply = judge_sender(session, argument);

	if (reply != REPLY_SENDER_OK) {
		name_sender(session, argument);
		session->phase = PHASE_SENDER;
		conclude(session, reply);
		session_reset(session);
		return;
	}
	session->phase = PHASE_SENDER;
	session_say(session, reply);
}

/* --- RCPT --- */

/* For one more recipient, and the NUL at the end. */
static bool has_room(const struct smtp_session *session, size_t length)
{
	size_t others = session->envelope.length + session->recipients * (size_t)RECIPIENT_COST;

	return others + length + 3 + RECIPIENT_COST <= TRANSACTION_LARGEST;
}

static enum smtp_reply judge_recipient(struct smtp_session *session, struct span argument,
				       struct text *why)
{
	struct smtp_path *path = &session->path;
	struct span rest;
	enum smtp_reply reply;

	reply = read_path(session, argument, SPAN("to:"), REPLY_RECIPIENT_SYNTAX, &rest);
	if (reply != REPLY_NONE)
		return reply;
	if (path->address.length == 0 || path_is_double_bounce(path))
		return REPLY_RECIPIENT_SYNTAX;
	session->recipient = text_span(&path->address);
	if (span_trim_start(rest).length)
		return REPLY_UNKNOWN_PARAMETER;
	if (path->is_beyond_ascii && !session->is_utf8)
		return REPLY_NEEDS_UTF8;
	reply = relay_decide(session->settings, session->host, session->is_bad_sender,
			     text_span(&session->user), path, why);
	session->recipient = text_span(&path->address);
	if (why->failed)
		return REPLY_NO_MEMORY;
	if (reply != REPLY_RECIPIENT_OK)
		return reply;
	if (session->recipients >= session->settings->most_recipients ||
	    !has_room(session, path->address.length))
		return REPLY_TOO_MANY_RECIPIENTS;
	text_add_byte(&session->envelope, 'T');
	text_add(&session->envelope, text_span(&path->address));
	text_add_byte(&session->envelope, '\0');
	return session->envelope.failed ? REPLY_NO_MEMORY : REPLY_RECIPIENT_OK;
}

static void accept_recipient(struct smtp_session *session, const struct text *why)
{
	const struct smtp_settings *settings = session->settings;
	struct smtp_event event = {
		.kind = SMTP_ACCEPT,
		.code = smtp_replies[REPLY_RECIPIENT_OK].code,
		.why = text_span(why),
		.has_sender = true,
		.sender = text_span(&session->sender),
		.has_recipient = true,
		.recipient = session->recipient,
	};

	session->phase = PHASE_RECIPIENTS;
	session->recipients++;
	if (session->recipients == 1)
		text_add(&session->why, text_span(why));
	session->host->event(session->host->world, &event);
	if (settings->tarpit_count && session->recipients > settings->tarpit_count)
		session->host->delay(session->host->world, settings->tarpit_delay);
	session_say(session, REPLY_RECIPIENT_OK);
}

void transaction_rcpt(struct smtp_session *session, struct span argument)
{
	char room[LINE_LARGEST + 1];
	struct text why;
	enum smtp_reply reply;

	text_init_in(&why, room, sizeof(room));
	session->has_recipient = true;
	session->recipient = without_word(argument, SPAN("to:"));
	reply = judge_recipient(session, argument, &why);
	if (reply == REPLY_RECIPIENT_OK)
		accept_recipient(session, &why);
	else
		conclude(session, reply);
}
