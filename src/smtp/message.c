#include "base/number.h"
#include "smtp/state.h"

/* RFC 3848 and RFC 6531 section 4.3: what the Received field says of how the message came. */
static struct span protocol(const struct smtp_session *session)
{
	static const char *const names[2][4] = {
		{"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"},
		{"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"},
	};
	unsigned which = session->is_secured + 2U * (session->user.length > 0);

	if (!session->is_extended && !session->is_utf8 && which == 0)
		return SPAN("SMTP");
	return span_of(names[session->is_utf8][which]);
}

static bool open_message(struct smtp_session *session)
{
	const struct smtp_host *host = session->host;

	if (host->open(host->world, text_span(&session->hello), protocol(session)) != VERDICT_YES)
		return false;
	session->is_open = true;
	session->opened++;
	body_start(&session->body, session->settings->largest_message, session->room);
	session->body.world = host->world;
	session->body.put = host->body;
	return true;
}

void message_data(struct smtp_session *session)
{
	if (!open_message(session)) {
		session_say_detail(session, REPLY_QUEUE_LATER, "", SPAN("qqt failure (#4.3.0)"));
		session_reset(session);
		return;
	}
	session->input = INPUT_DATA;
	session_say(session, REPLY_GO_AHEAD);
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
	char room[LINE_LARGEST + 1];
	enum verdict verdict;

	text_add_byte(&session->envelope, '\0');
	if (session->envelope.failed) {
		session_hang_up(session, REPLY_NO_MEMORY);
		return;
	}
	text_init_in(&answer.text, room, sizeof(room));
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

void message_take_data(struct smtp_session *session, struct span *input)
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
	char room[40];

	text_init_in(&text, room, sizeof(room));
	text_add_number(&text, session->chunk_size);
	text_add_string(&text, " octets received");
	session_say_detail(session, REPLY_CHUNK_OK, "", text_span(&text));
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

void message_bdat(struct smtp_session *session, struct span argument)
{
	size_t blank = span_find(argument, ' ');
	struct span word = span_trim_start(span_tail(argument, blank));

	session->is_last_chunk = span_equal_folded(word, SPAN("last"));
	if (!number_read_span(span_head(argument, blank), INT64_MAX, &session->chunk_left) ||
	    (word.length && !session->is_last_chunk)) {
		session_say(session, REPLY_BAD_PARAMETER);
		session_reset(session); /* else later chunks would make a message with a hole */
		return;
	}
	/* Its bytes are on their way already: what is wrong is said when they have passed. */
	session->chunk_size = session->chunk_left;
	session->chunk_refusal = begin_chunk(session);
	session->input = INPUT_CHUNK;
	if (session->chunk_left == 0)
		end_chunk(session);
}

void message_take_chunk(struct smtp_session *session, struct span *input)
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
