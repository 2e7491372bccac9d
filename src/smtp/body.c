#include "smtp/body.h"

#include <string.h>

#include "base/copy.h"

#define SHORT_LINE                                                                    \
	16 /* bytes; more than memchr(3) and memcpy(3) would be worth their calls for \
	    */

enum {
	LINE_START, /* behind CRLF */
	IN_LINE,
	DOT,	/* a dot at the start of a line is kept back */
	DOT_CR, /* ... and a CR behind it */
	CR,	/* a CR is kept back: it may belong to a line end */
};

void body_start(struct smtp_body *body, uint64_t largest, char *buffer)
{
	body->buffer = buffer;
	body->size = 0;
	body->is_too_large = body->has_too_many_hops = false;
	body->largest = largest;
	body->state = LINE_START;
	body->is_in_header = true;
	body->hops = 0;
	body->name_length = body->length = 0;
}

static bool is_refused(const struct smtp_body *body)
{
	return body->is_too_large || body->has_too_many_hops;
}

static void flush(struct smtp_body *body)
{
	if (body->length && !is_refused(body))
		body->put(body->world, (struct span){body->buffer, body->length});
	body->length = 0;
}

static bool is_named(struct span line, struct span name)
{
	return span_starts_folded(line, name) &&
	       span_byte(span_trim_start(span_tail(line, name.length)), 0) == ':';
}

/* Look at the start of a line that has ended. */
static void end_header_line(struct smtp_body *body)
{
	struct span line = {body->name, body->name_length};

	if (line.length == 0)
		body->is_in_header = false;
	else if (is_named(line, SPAN("received")) || is_named(line, SPAN("delivered-to")))
		body->hops++;
	if (body->hops >= BODY_MOST_HOPS)
		body->has_too_many_hops = true;
	body->name_length = 0;
}

static void watch_header(struct smtp_body *body, struct span bytes)
{
	struct span wanted = span_head(bytes, BODY_NAME - body->name_length);

	if (wanted.length)
		memcpy(body->name + body->name_length, wanted.bytes, wanted.length);
	body->name_length += wanted.length;
}

static void put(struct smtp_body *body, struct span bytes)
{
	if (body->is_in_header)
		watch_header(body, bytes);
	while (bytes.length) {
		struct span piece = span_head(bytes, BODY_ROOM - body->length);

		body->size += piece.length;
		if (body->largest && body->size > body->largest)
			body->is_too_large = true;
		memcpy(body->buffer + body->length, piece.bytes, piece.length);
		body->length += piece.length;
		bytes = span_tail(bytes, piece.length);
		if (body->length == BODY_ROOM)
			flush(body);
	}
}

static void put_line_end(struct smtp_body *body)
{
	if (body->is_in_header)
		end_header_line(body);
	body->size++;
	if (body->largest && body->size > body->largest)
		body->is_too_large = true;
	body->buffer[body->length++] = '\n';
	if (body->length == BODY_ROOM)
		flush(body);
}

/* The part of a line that is here, its end not yet: a CR at its end may belong to the line end. */
static void put_part(struct smtp_body *body, struct span part)
{
	body->state = IN_LINE;
	if (part.length && part.bytes[part.length - 1] == '\r') {
		body->state = CR;
		part.length--;
	}
	put(body, part);
}

/* The bytes up to an LF, at IN_LINE or LINE_START. */
static enum body_step take_line(struct smtp_body *body, struct span line)
{
	bool has_cr = line.length && line.bytes[line.length - 1] == '\r';

	line.length -= has_cr;
	if (body->state == LINE_START && span_byte(line, 0) == '.') {
		if (has_cr && line.length == 1)
			return BODY_END;
		if (span_byte(line, 1) != '\r')
			line = span_tail(line, 1);
	}
	put(body, line);
	if (!has_cr)
		return BODY_STRAY_LF;
	put_line_end(body);
	body->state = LINE_START;
	return BODY_MORE;
}

/* One byte behind something that was kept back. Returns BODY_MORE and whether the byte is used. */
static enum body_step take_byte(struct smtp_body *body, char byte, bool *is_used)
{
	*is_used = true;
	switch (body->state) {
	case DOT:
		if (byte == '\r') {
			body->state = DOT_CR;
			return BODY_MORE;
		}
		break;
	case DOT_CR:
		if (byte == '\n')
			return BODY_END;
		put(body, SPAN(".\r"));
		break;
	case CR:
		if (byte == '\n') {
			put_line_end(body);
			body->state = LINE_START;
			return BODY_MORE;
		}
		put(body, SPAN("\r"));
		break;
	default: break;
	}
	body->state = IN_LINE;
	*is_used = false;
	return BODY_MORE;
}

/* Where the first LF is, or length. A short line is followed by short lines, mostly. */
static size_t find_line_end(const char *bytes, size_t length, bool may_be_short)
{
	const char *end;

	for (size_t index = 0; may_be_short && index < SHORT_LINE && index < length; index++)
		if (bytes[index] == '\n')
			return index;
	end = memchr(bytes, '\n', length);
	return end ? (size_t)(end - bytes) : length;
}

/* Take whole lines from the front of *input as long as there is nothing about them that needs a
 * second look: they are what mail consists of, and this is the loop that it passes through. */
static void take_plain_lines(struct smtp_body *body, struct span *input)
{
	const char *at = input->bytes, *end = at + input->length;
	char *to = body->buffer + body->length, *full = body->buffer + BODY_ROOM;
	bool may_be_short = false;

	while (at < end) {
		const char *line = at;
		size_t length;

		if (*line == '.' && (++line == end || *line == '\r' || *line == '\n'))
			break;
		length = find_line_end(line, (size_t)(end - line), may_be_short);
		if (line + length == end || length == 0 || line[length - 1] != '\r' ||
		    length >= (size_t)(full - to))
			break;
		may_be_short = length < SHORT_LINE;
		if (may_be_short && end - line >= SHORT_LINE && full - to > SHORT_LINE)
			memcpy(to, line, SHORT_LINE); /* what is too much is overwritten */
		else
			copy_bytes(to, line, length);
		to += length;
		to[-1] = '\n';
		at = line + length + 1;
	}
	body->size += (size_t)(to - body->buffer) - body->length;
	if (body->largest && body->size > body->largest)
		body->is_too_large = true;
	body->length = (size_t)(to - body->buffer);
	*input = span_tail(*input, (size_t)(at - input->bytes));
}

enum body_step body_data(struct smtp_body *body, struct span *input)
{
	while (input->length) {
		enum body_step step;
		size_t end;

		if (body->state > IN_LINE) {
			bool is_used;

			step = take_byte(body, input->bytes[0], &is_used);
			*input = span_tail(*input, is_used);
			if (step != BODY_MORE)
				return step;
			continue;
		}
		if (body->state == LINE_START && !body->is_in_header) {
			take_plain_lines(body, input);
			if (input->length == 0)
				break;
		}
		end = span_find(*input, '\n');
		if (end < input->length) {
			step = take_line(body, span_head(*input, end));
			*input = span_tail(*input, end + 1);
			if (step != BODY_MORE)
				return step;
		} else if (body->state == LINE_START && input->bytes[0] == '.') {
			body->state = DOT;
			*input = span_tail(*input, 1);
		} else {
			put_part(body, *input);
			*input = span_tail(*input, input->length);
		}
	}
	return BODY_MORE;
}

void body_chunk(struct smtp_body *body, struct span input)
{
	while (input.length) {
		size_t end = span_find(input, '\n');
		struct span line = span_head(input, end);
		bool is_ended = end < input.length;

		input = span_tail(input, end + 1);
		if (body->state == CR && line.length)
			put(body, SPAN("\r"));
		if (is_ended) {
			if (line.length && line.bytes[line.length - 1] == '\r')
				line.length--;
			put(body, line);
			put_line_end(body);
			body->state = LINE_START;
		} else {
			put_part(body, line);
		}
	}
}

void body_finish(struct smtp_body *body)
{
	if (body->state == CR)
		put(body, SPAN("\r"));
	flush(body);
}
