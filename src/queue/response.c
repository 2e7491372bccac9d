#include "queue/response.h"

#include "queue/enhanced_code.h"

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

struct span response_enhanced_code(const struct response *response)
{
	struct span rest = text_span(&response->text), line, code = {NULL, 0};

	while (code.length == 0 && span_next_line(&rest, &line)) {
		code = enhanced_code_at_start(line);
		if (span_byte(code, 0) != '0' + (int)(response->code / 100))
			code.length = 0;
	}
	return code;
}

bool response_is_too_many(const struct response *response)
{
	struct span code = response_enhanced_code(response);

	return response->code == 552 && (code.length == 0 || span_equal(code, SPAN("5.5.3")));
}

void response_write(const struct response *response, struct text *words)
{
	struct span rest = span_head(text_span(&response->text), WORDS), line;
	struct span code = response_enhanced_code(response);

	text_add_number(words, response->code);
	while (span_next_line(&rest, &line)) {
		if (line.length)
			text_add_byte(words, ' ');
		text_add_printable(words, line, (struct span){NULL, 0});
	}
	if (code.length) {
		text_add_string(words, " (#");
		text_add(words, code);
		text_add_byte(words, ')');
	}
}
