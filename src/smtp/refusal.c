#include "smtp/refusal.h"

#define NAME "rblsmtpd.local"

void refusal_init(struct refusal *refusal, const char *code, struct span reason,
		  struct text *replies)
{
	*refusal = (struct refusal){.code = code, .reason = reason};
	text_add_string(replies, "220 " NAME "\r\n");
}

static bool is_one_of(struct span verb, const char *const *verbs, size_t count)
{
	for (size_t index = 0; index < count; index++)
		if (span_equal_folded(verb, span_of(verbs[index])))
			return true;
	return false;
}

/* Answer the line that is complete; false for QUIT. */
static bool answer(struct refusal *refusal, struct text *replies)
{
	static const char *const harmless[] = {"helo", "ehlo", "mail", "rset", "noop"};
	struct span verb = {refusal->verb, refusal->length};

	verb = span_head(verb, span_find(verb, ' '));
	if (verb.length && verb.bytes[verb.length - 1] == '\r')
		verb.length--;
	if (span_equal_folded(verb, SPAN("quit"))) {
		text_add_string(replies, "221 " NAME "\r\n");
		return false;
	}
	if (is_one_of(verb, harmless, sizeof(harmless) / sizeof(*harmless))) {
		text_add_string(replies, "250 " NAME "\r\n");
	} else {
		text_add_string(replies, refusal->code);
		text_add_byte(replies, ' ');
		text_add(replies, refusal->reason);
		text_add_string(replies, "\r\n");
	}
	return true;
}

bool refusal_feed(struct refusal *refusal, struct span bytes, struct text *replies)
{
	for (size_t index = 0; index < bytes.length; index++) {
		char byte = bytes.bytes[index];

		if (byte != '\n') {
			if (refusal->length < sizeof(refusal->verb))
				refusal->verb[refusal->length++] = byte;
			continue;
		}
		if (refusal->commands++ == REFUSAL_COMMANDS) {
			text_add_string(replies, "421 " NAME " too many commands (#4.7.0)\r\n");
			return false;
		}
		if (!answer(refusal, replies))
			return false;
		refusal->length = 0;
	}
	return true;
}

void refusal_end(struct text *replies)
{
	text_add_string(replies, "421 " NAME " timeout (#4.4.2)\r\n");
}
