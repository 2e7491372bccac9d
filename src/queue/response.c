#include "queue/response.h"

#define WORDS 180 /* bytes of text that are passed on */

void response_init(struct response *response)
{
	*response = (struct response){.code = 0};
	text_init(&response->text, RESPONSE_KEPT);
}

void response_free(struct response *response)
{
	text_free(&response->text);
}

void response_clear(struct response *response)
{
	response->code = 0;
	response->in_line = response->total = 0;
	text_clear(&response->text);
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Look at the beginning of a line. */
static bool is_good_start(struct response *response)
{
	const char *start = response->start;
	unsigned code;

	if (start[0] < '2' || start[0] > '5' || !is_digit(start[1]) || !is_digit(start[2]))
		return false;
	code = (unsigned)((start[0] - '0') * 100 + (start[1] - '0') * 10 + (start[2] - '0'));
	if (response->code && code != response->code)
		return false;
	response->code = code;
	return start[3] == ' ' || start[3] == '-';
}

/* The bytes of a line behind its beginning; what is too much is dropped. */
static void keep(struct response *response, struct span bytes)
{
	text_add(&response->text,
		 span_head(bytes, response->text.maximum - 1 - response->text.length));
}

static enum response_step end_line(struct response *response)
{
	struct text *text = &response->text;

	/* A line may have its code alone. */
	if (response->in_line == 3 || (response->in_line == 4 && response->start[3] == '\r')) {
		response->start[3] = ' ';
		response->in_line = 4;
	}
	if (response->in_line < 4 || !is_good_start(response))
		return RESPONSE_MALFORMED;
	while (text->length && text->bytes[text->length - 1] == '\r')
		text_cut(text, text->length - 1);
	if (text->length + 1 < text->maximum)
		text_add_byte(text, '\n');
	response->in_line = 0;
	if (text->failed)
		return RESPONSE_MALFORMED;
	return response->start[3] == ' ' ? RESPONSE_DONE : RESPONSE_MORE;
}

enum response_step response_feed(struct response *response, struct span *bytes)
{
	enum response_step step = RESPONSE_MORE;

	while (bytes->length && step == RESPONSE_MORE) {
		size_t end = span_find(*bytes, '\n');
		bool is_whole = end < bytes->length;
		struct span part = span_head(*bytes, end);

		*bytes = span_tail(*bytes, end + 1);
		response->total += part.length + is_whole;
		for (; part.length && response->in_line < sizeof(response->start);
		     part = span_tail(part, 1))
			response->start[response->in_line++] = part.bytes[0];
		response->in_line += part.length;
		keep(response, part);
		if (response->total > RESPONSE_LARGEST)
			return RESPONSE_MALFORMED;
		if (is_whole)
			step = end_line(response);
		else if (response->in_line > sizeof(response->start) && !is_good_start(response))
			return RESPONSE_MALFORMED; /* no need to wait for its end */
	}
	return step;
}

enum verdict response_verdict(const struct response *response)
{
	if (response->code / 100 == 5)
		return VERDICT_NO;
	return response->code / 100 == 2 ? VERDICT_YES : VERDICT_LATER;
}

bool response_offers(const struct response *response, struct span keyword, struct span *arguments)
{
	struct span rest = text_span(&response->text), line;

	span_next_line(&rest, &line); /* the first has a greeting */
	while (span_next_line(&rest, &line)) {
		size_t end = span_find(line, ' ');

		if (span_equal_folded(span_head(line, end), keyword)) {
			*arguments = span_trim_start(span_tail(line, end));
			return true;
		}
	}
	return false;
}

/* RFC 3463 section 2: a class, then two numbers of up to three digits. Its length, or 0. */
static size_t enhanced_code(struct span text, unsigned class)
{
	size_t index = 2;

	if (text.length < 5 || text.bytes[0] != (char)('0' + class) || text.bytes[1] != '.')
		return 0;
	for (unsigned part = 0; part < 2; part++) {
		size_t start = index;

		while (index < text.length && is_digit(text.bytes[index]))
			index++;
		if (index == start || index - start > 3)
			return 0;
		if (part == 0 && span_byte(text, index++) != '.')
			return 0;
	}
	return index == text.length || text.bytes[index] == ' ' || text.bytes[index] == '\n' ? index
											     : 0;
}

bool response_is_too_many(const struct response *response)
{
	struct span text = text_span(&response->text);
	size_t length = enhanced_code(text, response->code / 100);

	return response->code == 552 &&
	       (length == 0 || span_equal(span_head(text, length), SPAN("5.5.3")));
}

void response_write(const struct response *response, struct text *words)
{
	struct span text = text_span(&response->text), rest = span_head(text, WORDS), line;
	size_t length = enhanced_code(text, response->code / 100);

	text_add_number(words, response->code);
	while (span_next_line(&rest, &line)) {
		if (line.length)
			text_add_byte(words, ' ');
		text_add_printable(words, line, (struct span){NULL, 0});
	}
	if (length) {
		text_add_string(words, " (#");
		text_add(words, span_head(text, length));
		text_add_byte(words, ')');
	}
}
