#include "base/number.h"
#include "smtp/relay.h"
#include "smtp/state.h"

/* --- MAIL --- */

struct parameters {
	bool has_size, has_body, has_auth, has_utf8;
	uint64_t size; /* bytes */
};

/* RFC 1870 section 3: up to twenty digits. Whatever they say, it is a size. */
static bool read_size(struct span value, uint64_t *size)
{
	if (value.length == 0 || value.length > 20)
		return false;
	for (size_t index = 0; index < value.length; index++)
		if (value.bytes[index] < '0' || value.bytes[index] > '9')
			return false;
	if (!number_read_span(value, UINT64_MAX, size))
		*size = UINT64_MAX;
	return true;
}

/* Note one parameter of MAIL. */
static enum smtp_reply read_parameter(struct span name, struct span value, bool has_value,
				      struct parameters *parameters)
{
	bool *has, is_good;

	if (span_equal_folded(name, SPAN("size"))) {
		has = &parameters->has_size;
		is_good = read_size(value, &parameters->size);
	} else if (span_equal_folded(name, SPAN("body"))) {
		has = &parameters->has_body;
		is_good = span_equal_folded(value, SPAN("7bit")) ||
			  span_equal_folded(value, SPAN("8bitmime"));
	} else if (span_equal_folded(name, SPAN("auth"))) {
		has = &parameters->has_auth; /* RFC 4954 section 5: ignored from a stranger */
		is_good = value.length > 0;
	} else if (span_equal_folded(name, SPAN("smtputf8"))) {
		has = &parameters->has_utf8;
		is_good = !has_value;
	} else {
		return REPLY_UNKNOWN_PARAMETER;
	}
	if (*has || !is_good)
		return REPLY_BAD_PARAMETER;
	*has = true;
	return REPLY_NONE;
}

static enum smtp_reply read_parameters(struct span rest, struct parameters *parameters)
{
	for (;;) {
		struct span word, name;
		enum smtp_reply reply;
		size_t equals;

		rest = span_trim_start(rest);
		if (rest.length == 0)
			return REPLY_NONE;
		word = span_head(rest, span_find(rest, ' '));
		rest = span_tail(rest, word.length);
		equals = span_find(word, '=');
		name = span_head(word, equals);
		reply = read_parameter(name, span_tail(word, equals + 1), equals < word.length,
				       parameters);
		if (reply != REPLY_NONE)
			return reply;
	}
}

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
	if (session->path.is_beyond_ascii && !session->path.is_utf8)
		return syntax;
	if (path_literal(&session->path, &address) &&
	    session->host->own_address(session->host->world, &address))
		path_set_domain(&session->path, session->settings->local_ip_host);
	return session->path.address.failed ? REPLY_NO_MEMORY : REPLY_NONE;
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
	struct parameters parameters = {.size = 0};
	uint64_t largest = session->settings->largest_message;
	struct span rest;
	enum smtp_reply reply;

	reply = read_path(session, argument, SPAN("from:"), REPLY_SENDER_SYNTAX, &rest);
	if (reply == REPLY_NONE)
		reply = read_parameters(rest, &parameters);
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

void transaction_mail(struct smtp_session *session, struct span argument)
{
	enum smtp_reply reply = judge_sender(session, argument);

	if (reply != REPLY_SENDER_OK) {
		/* The log names the sender as it was given. */
		text_clear(&session->sender);
		text_add(&session->sender, without_word(argument, SPAN("from:")));
		session->phase = PHASE_SENDER;
		conclude(session, reply);
		session_reset(session);
		return;
	}
	session->phase = PHASE_SENDER;
	session_say(session, reply);
}

/* --- RCPT --- */

static enum smtp_reply judge_recipient(struct smtp_session *session, struct span argument,
				       struct text *why)
{
	struct smtp_path *path = &session->path;
	struct span rest;
	enum smtp_reply reply;

	reply = read_path(session, argument, SPAN("to:"), REPLY_RECIPIENT_SYNTAX, &rest);
	if (reply != REPLY_NONE)
		return reply;
	if (path->address.length == 0)
		return REPLY_RECIPIENT_SYNTAX;
	session->recipient = text_span(&path->address);
	if (span_trim_start(rest).length)
		return REPLY_UNKNOWN_PARAMETER;
	if (path->is_beyond_ascii && !session->is_utf8)
		return REPLY_NEEDS_UTF8;
	reply = relay_decide(session->settings, session->host, session->is_bad_sender, path, why);
	session->recipient = text_span(&path->address);
	if (why->failed)
		return REPLY_NO_MEMORY;
	if (reply != REPLY_RECIPIENT_OK)
		return reply;
	if (session->recipients >= session->settings->most_recipients ||
	    path->address.length > ENVELOPE_LARGEST - session->envelope.length - 3)
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
	struct text why;
	enum smtp_reply reply;

	text_init(&why, LINE_LARGEST);
	session->has_recipient = true;
	session->recipient = without_word(argument, SPAN("to:"));
	reply = judge_recipient(session, argument, &why);
	if (reply == REPLY_RECIPIENT_OK)
		accept_recipient(session, &why);
	else
		conclude(session, reply);
	text_free(&why);
}

/* --- DATA and BDAT --- */

/* RFC 3848 and RFC 6531 section 4.3: what the Received field says of how the message came. */
static struct span protocol(const struct smtp_session *session)
{
	if (session->is_utf8)
		return SPAN("UTF8SMTP");
	return session->is_extended ? SPAN("ESMTP") : SPAN("SMTP");
}

static bool open_message(struct smtp_session *session)
{
	const struct smtp_host *host = session->host;

	if (host->open(host->world, text_span(&session->hello), protocol(session)) != VERDICT_YES)
		return false;
	session->is_open = true;
	body_start(&session->body, session->settings->largest_message);
	session->body.world = host->world;
	session->body.put = host->body;
	return true;
}

void transaction_data(struct smtp_session *session)
{
	if (!open_message(session)) {
		session_say_detail(session, REPLY_QUEUE_LATER, "", SPAN("qqt failure (#4.3.0)"));
		session_reset(session);
		return;
	}
	session_say(session, REPLY_GO_AHEAD);
	session->input = INPUT_DATA;
}

static void say_queued(struct smtp_session *session, const struct smtp_answer *answer)
{
	struct smtp_event event = {
		.kind = SMTP_QUEUED,
		.code = smtp_replies[REPLY_QUEUED].code,
		.reason = answer->text.length ? text_span(&answer->text) : SPAN("ok"),
		.why = text_span(&session->why),
		.has_sender = true,
		.sender = text_span(&session->sender),
		.size = session->body.size,
		.recipients = session->recipients,
	};

	session->totals.messages++;
	session->totals.bytes += session->body.size;
	session->host->event(session->host->world, &event);
	session_say_detail(session, REPLY_QUEUED, answer->enhanced_code, event.reason);
}

static void commit(struct smtp_session *session)
{
	const struct smtp_host *host = session->host;
	struct smtp_answer answer = {.enhanced_code = ""};
	enum verdict verdict;

	text_add_byte(&session->envelope, '\0');
	if (session->envelope.failed) {
		session_hang_up(session, REPLY_NO_MEMORY);
		return;
	}
	text_init(&answer.text, LINE_LARGEST);
	session->is_open = false;
	verdict = host->commit(host->world, text_span(&session->envelope), &answer);
	if (verdict == VERDICT_YES)
		say_queued(session, &answer);
	else
		session_say_detail(session,
				   verdict == VERDICT_NO ? REPLY_QUEUE_REFUSED : REPLY_QUEUE_LATER,
				   answer.enhanced_code,
				   answer.text.length	   ? text_span(&answer.text)
				   : verdict == VERDICT_NO ? SPAN("qq permanent problem (#5.3.0)")
							   : SPAN("qq temporary problem (#4.3.0)"));
	text_free(&answer.text);
}

/* All bytes of the message are there. */
static void end_message(struct smtp_session *session)
{
	body_finish(&session->body);
	if (session->body.is_too_large)
		session_say(session, REPLY_TOO_LARGE);
	else if (session->body.has_too_many_hops)
		session_say(session, REPLY_TOO_MANY_HOPS);
	else
		commit(session);
	session_reset(session);
}

void transaction_take_data(struct smtp_session *session, struct span *input)
{
	switch (body_data(&session->body, input)) {
	case BODY_MORE: break;
	case BODY_STRAY_LF: session_hang_up(session, REPLY_STRAY_LF); break;
	case BODY_END:
		session->input = INPUT_COMMAND;
		end_message(session);
		break;
	}
}

static void say_chunk_taken(struct smtp_session *session)
{
	struct text text;

	text_init(&text, LINE_LARGEST);
	text_add_number(&text, session->chunk_size);
	text_add_string(&text, " octets received");
	session_say_detail(session, REPLY_CHUNK_OK, "",
			   text.failed ? SPAN("ok") : text_span(&text));
	text_free(&text);
}

static void end_chunk(struct smtp_session *session)
{
	enum smtp_reply refusal = session->chunk_refusal;

	session->input = INPUT_COMMAND;
	if (refusal == REPLY_QUEUE_LATER) {
		session_say_detail(session, refusal, "", SPAN("qqt failure (#4.3.0)"));
		session_reset(session);
	} else if (refusal != REPLY_NONE) {
		session_say(session, refusal);
	} else if (session->is_last_chunk || session->body.is_too_large ||
		   session->body.has_too_many_hops) {
		end_message(session);
	} else {
		say_chunk_taken(session);
	}
}

static enum smtp_reply begin_chunk(struct smtp_session *session)
{
	switch (session->phase) {
	case PHASE_IDLE: return REPLY_MAIL_FIRST;
	case PHASE_SENDER: return REPLY_RECIPIENT_FIRST;
	case PHASE_RECIPIENTS:
		if (!open_message(session))
			return REPLY_QUEUE_LATER;
		session->phase = PHASE_CHUNKS;
		return REPLY_NONE;
	default: return REPLY_NONE;
	}
}

void transaction_bdat(struct smtp_session *session, struct span argument)
{
	size_t blank = span_find(argument, ' ');
	struct span word = span_trim_start(span_tail(argument, blank));

	session->is_last_chunk = span_equal_folded(word, SPAN("last"));
	if (!number_read_span(span_head(argument, blank), INT64_MAX, &session->chunk_left) ||
	    (word.length && !session->is_last_chunk)) {
		session_say(session, REPLY_BAD_PARAMETER);
		return;
	}
	/* Its bytes are on their way already: what is wrong is said when they have passed. */
	session->chunk_size = session->chunk_left;
	session->chunk_refusal = begin_chunk(session);
	session->input = INPUT_CHUNK;
	if (session->chunk_left == 0)
		end_chunk(session);
}

void transaction_take_chunk(struct smtp_session *session, struct span *input)
{
	struct span part = *input;

	if (part.length > session->chunk_left)
		part = span_head(part, (size_t)session->chunk_left);
	*input = span_tail(*input, part.length);
	session->chunk_left -= part.length;
	if (session->chunk_refusal == REPLY_NONE)
		body_chunk(&session->body, part);
	if (session->chunk_left == 0)
		end_chunk(session);
}
