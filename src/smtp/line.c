#include "smtp/state.h"

/* Of a line that is thrown away its last bytes are kept, which can tell what it was: a request of
 * HTTP may be of any length. */
#define END_KEPT 32

/* The line begins with what is kept of it, and goes on with the part. */
static bool is_auth(const struct text *line, struct span part)
{
	static const struct span verb = {"auth ", 5};
	struct span kept = span_head(text_span(line), verb.length);

	return span_starts_folded(verb, kept) &&
	       span_starts_folded(part, span_tail(verb, kept.length));
}

/* Most bytes of the line that begins so. */
static size_t longest_line(const struct smtp_session *session, struct span part)
{
	bool is_long = session->input == INPUT_AUTH ||
		       (login_is_possible(session) && is_auth(&session->line, part));

	return is_long ? SASL_LARGEST : LINE_LARGEST;
}

/* Keep no more of the line. */
static void keep_end(struct smtp_session *session)
{
	struct text *kept = &session->line;
	size_t length = kept->length < END_KEPT ? kept->length : END_KEPT;
	char room[END_KEPT + 1];
	struct text end;

	text_init_in(&end, room, sizeof(room));
	text_add(&end, span_tail(text_span(kept), kept->length - length));
	text_wipe(kept);
	text_add(kept, text_span(&end));
	text_wipe(&end); /* it may have been a part of a secret */
}

bool line_take(struct smtp_session *session, struct span *input, struct span *line)
{
	size_t end = span_find(*input, '\n');
	bool is_whole = end < input->length;
	struct span part = span_head(*input, end + 1);
	struct text *kept = &session->line;
	size_t longest = longest_line(session, part);

	if (part.length > longest - kept->length) {
		keep_end(session);
		sasl_clear(&session->sasl);
		session->input = INPUT_LONG_LINE;
		return false;
	}
	*input = span_tail(*input, part.length);
	*line = part;
	if (!is_whole || kept->length) {
		/* Once, so that no copy of a secret is left behind. */
		if (longest == SASL_LARGEST)
			text_reserve(kept, longest - kept->length);
		text_add(kept, part);
		*line = text_span(kept);
	}
	if (kept->failed) {
		session_hang_up(session, REPLY_NO_MEMORY);
		return false;
	}
	if (!is_whole)
		return false;
	line->length--;
	if (line->length && line->bytes[line->length - 1] == '\r')
		line->length--;
	session->totals.commands++;
	return true;
}

void line_throw_away(struct smtp_session *session, struct span *input)
{
	size_t end = span_find(*input, '\n');
	struct span part = span_head(*input, end);

	if (part.length > END_KEPT)
		part = span_tail(part, part.length - END_KEPT);
	text_add(&session->line, part);
	keep_end(session);
	if (end < input->length) {
		session->input = INPUT_COMMAND;
		session->totals.commands++;
		session->has_recipient = false;
		if (command_is_http(text_span(&session->line)))
			session_hang_up(session, REPLY_NOT_SMTP);
		else
			session_say(session, REPLY_LINE_TOO_LONG);
		text_wipe(&session->line);
	}
	*input = span_tail(*input, end + 1);
}
