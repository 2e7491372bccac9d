#include "queue/qmqp.h"

#include "base/number.h"

static void write_netstring(struct text *text, struct span bytes)
{
	text_add_number(text, bytes.length);
	text_add_byte(text, ':');
	text_add(text, bytes);
	text_add_byte(text, ',');
}

void qmqp_write(const struct envelope *envelope, uint64_t size, struct text *before,
		struct text *behind)
{
	struct span recipient;
	struct text inner;
	size_t position = 0;

	text_add_byte(behind, ',');
	write_netstring(behind, envelope_sender(envelope));
	while (envelope_recipient(envelope, &position, &recipient))
		write_netstring(behind, recipient);

	text_init(&inner, 32);
	text_add_number(&inner, size);
	text_add_byte(&inner, ':');
	text_add_number(before, inner.length + size + behind->length);
	text_add_byte(before, ':');
	text_add(before, text_span(&inner));
	if (inner.failed)
		before->failed = true;
	text_free(&inner);
	text_add_byte(behind, ',');
}

/* Answers are short; of a longer one the beginning is enough to know what it says. */
enum qmqp_step qmqp_read(struct span bytes, enum verdict *verdict, struct span *words)
{
	size_t colon = span_find(span_head(bytes, 11), ':');
	struct span rest = span_tail(bytes, colon + 1);
	uint64_t length = 0, wanted;

	if (colon > 0 && !number_read_span(span_head(bytes, colon), UINT32_MAX, &length))
		return QMQP_MALFORMED;
	if (colon == bytes.length && bytes.length < 11)
		return QMQP_MORE;
	if (colon >= 11 || length == 0)
		return QMQP_MALFORMED;
	wanted = length < QMQP_ANSWER ? length : QMQP_ANSWER;
	if (rest.length <= wanted)
		return QMQP_MORE;
	*words = span_tail(span_head(rest, (size_t)wanted), 1);
	switch (rest.bytes[0]) {
	case 'K': *verdict = VERDICT_YES; break;
	case 'Z': *verdict = VERDICT_LATER; break;
	case 'D': *verdict = VERDICT_NO; break;
	default: return QMQP_MALFORMED;
	}
	return length > wanted || rest.bytes[length] == ',' ? QMQP_DONE : QMQP_MALFORMED;
}
