#include "queue/enhanced_code.h"

/* Bytes of the number at a place of a text; 0 when there is none, or too long a one. */
static size_t number_at(struct span text, size_t index)
{
	size_t count = 0;

	while (span_byte(text, index + count) >= '0' && span_byte(text, index + count) <= '9')
		count++;
	return count <= 3 ? count : 0;
}

/* Bytes of the code that a text begins with, whatever is behind it, or 0. */
static size_t measure(struct span text)
{
	int class = span_byte(text, 0);
	size_t subject = number_at(text, 2), detail = number_at(text, 2 + subject + 1);

	if ((class != '2' && class != '4' && class != '5') || span_byte(text, 1) != '.' ||
	    subject == 0 || span_byte(text, 2 + subject) != '.' || detail == 0)
		return 0;
	return 2 + subject + 1 + detail;
}

struct span enhanced_code_at_start(struct span text)
{
	size_t length = measure(text);
	int behind = span_byte(text, length);

	return span_head(text, behind == -1 || behind == ' ' || behind == '\n' ? length : 0);
}

struct span enhanced_code_at_end(struct span text)
{
	struct span tail = span_tail(text, span_find_last(text, '('));
	size_t length = measure(span_tail(tail, 2));
	bool is_one = span_starts(tail, SPAN("(#")) && tail.length == 2 + length + 1 &&
		      span_byte(tail, 2 + length) == ')';

	return span_head(span_tail(tail, 2), is_one ? length : 0);
}
