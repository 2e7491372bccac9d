#include "base/span.h"

#include <string.h>

size_t span_find_last(struct span span, char byte)
{
	for (size_t index = span.length; index > 0; index--)
		if (span.bytes[index - 1] == byte)
			return index - 1;
	return span.length;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

struct span span_trim_end(struct span span)
{
	while (span.length && is_blank(span.bytes[span.length - 1]))
		span.length--;
	return span;
}

struct span span_trim_start(struct span span)
{
	while (span.length && is_blank(span.bytes[0]))
		span = span_tail(span, 1);
	return span;
}

bool span_equal(struct span left, struct span right)
{
	return left.length == right.length &&
	       (left.length == 0 || memcmp(left.bytes, right.bytes, left.length) == 0);
}

char byte_fold(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool span_equal_folded(struct span left, struct span right)
{
	if (left.length != right.length)
		return false;
	for (size_t index = 0; index < left.length; index++)
		if (byte_fold(left.bytes[index]) != byte_fold(right.bytes[index]))
			return false;
	return true;
}

bool span_starts(struct span span, struct span prefix)
{
	return span_equal(span_head(span, prefix.length), prefix);
}

bool span_starts_folded(struct span span, struct span prefix)
{
	return span_equal_folded(span_head(span, prefix.length), prefix);
}

bool span_ends_folded(struct span span, struct span suffix)
{
	return span.length >= suffix.length &&
	       span_equal_folded(span_tail(span, span.length - suffix.length), suffix);
}

bool span_next_line(struct span *rest, struct span *line)
{
	size_t end;

	if (rest->length == 0)
		return false;
	end = span_find(*rest, '\n');
	*line = span_head(*rest, end);
	*rest = span_tail(*rest, end + 1);
	return true;
}

bool span_has(struct span span, char byte)
{
	return span_find(span, byte) < span.length;
}

bool span_has_control(struct span span)
{
	for (size_t index = 0; index < span.length; index++)
		if (span_byte(span, index) < ' ' || span_byte(span, index) == 0x7f)
			return true;
	return false;
}
