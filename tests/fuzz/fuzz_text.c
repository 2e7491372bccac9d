/*
 * Any bytes made fit for others: JSON that says them and nothing else, a page for a terminal that
 * they cannot steer, a reply or a line of a log, and recordio's lines, from which they can be put
 * together again.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/packet.h"
#include "base/page.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define ROOM (16 * 1024 * 1024)

/* --- JSON --- */

static unsigned hex(int byte)
{
	assert((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f'));
	return (unsigned)(byte >= 'a' ? byte - 'a' + 10 : byte - '0');
}

/* The bytes that a string stands for. */
static void read_string(struct span string, struct text *out)
{
	assert(string.length >= 2 && string.bytes[0] == '"');
	assert(string.bytes[string.length - 1] == '"');
	string = span_head(span_tail(string, 1), string.length - 2);
	for (size_t index = 0; index < string.length; index++) {
		int byte = span_byte(string, index);

		assert(byte >= ' ' && byte != 0x7f && byte != '"');
		if (byte == '\\') {
			byte = span_byte(string, ++index);
			assert(byte == '"' || byte == '\\' || byte == 'u');
			if (byte == 'u') {
				assert(span_starts(span_tail(string, index + 1), SPAN("00")));
				byte = (int)(hex(span_byte(string, index + 3)) << 4 |
					     hex(span_byte(string, index + 4)));
				assert(byte < ' ' || byte == 0x7f);
				index += 4;
			}
		}
		text_add_byte(out, (char)byte);
	}
}

/* RFC 3629, its table of section 4 row by row. */
static size_t character(struct span text)
{
	static const struct {
		unsigned char first, last, least, most;
		size_t length;
	} rows[] = {
		{0x00, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		size_t length = rows[row].length;
		int first = span_byte(text, 0), second = span_byte(text, 1);

		if (first < rows[row].first || first > rows[row].last)
			continue;
		if (length > 1 && (second < rows[row].least || second > rows[row].most))
			return 0;
		for (size_t index = 2; index < length; index++)
			if (span_byte(text, index) < 0x80 || span_byte(text, index) > 0xbf)
				return 0;
		return length;
	}
	return 0;
}

static void check_json(struct span bytes)
{
	struct text string, back, wanted;
	bool is_valid = true;

	text_init(&string, ROOM);
	text_init(&back, ROOM);
	text_init(&wanted, ROOM);
	for (size_t index = 0; index < bytes.length;) {
		size_t length = character(span_tail(bytes, index));

		assert(utf8_length(bytes, index) == length);
		is_valid = is_valid && length;
		if (length)
			text_add(&wanted, span_head(span_tail(bytes, index), length));
		else
			text_add_string(&wanted, "\xef\xbf\xbd");
		index += length ? length : 1;
	}
	assert(utf8_is_valid(bytes) == is_valid);
	json_string(&string, bytes);
	read_string(text_span(&string), &back);
	assert(!back.failed && span_equal(text_span(&back), text_span(&wanted)));
	assert(utf8_is_valid(text_span(&string)));
	text_free(&string);
	text_free(&back);
	text_free(&wanted);
}

/* --- for people --- */

static void check_page(struct span bytes)
{
	struct text out;
	struct page page = {&out, false};
	struct span rest, line;

	text_init(&out, ROOM);
	page_write(&page, PAGE_PLAIN, "lead: ", 8, bytes);
	page_line(&page, PAGE_STRONG, 4, bytes);
	rest = text_span(&out);
	while (span_next_line(&rest, &line)) {
		size_t start = 0;

		for (size_t index = 0; index < line.length; index++)
			assert(line.bytes[index] >= ' ' && line.bytes[index] <= '~');
		while (span_byte(line, start) == ' ')
			start++;
		assert(line.length <= PAGE_COLUMNS ||
		       span_find(span_tail(line, start + 6), ' ') <= line.length);
	}
	assert(!out.failed);
	text_free(&out);
}

static void check_printable(struct span bytes)
{
	struct text out;

	text_init(&out, ROOM);
	text_add_printable(&out, bytes, SPAN("<>"));
	assert(out.length == bytes.length);
	for (size_t index = 0; index < out.length; index++) {
		char byte = bytes.bytes[index];
		bool is_kept = byte >= ' ' && byte <= '~' && byte != '<' && byte != '>';

		assert(out.bytes[index] == (is_kept ? byte : '?'));
	}
	text_free(&out);
}

/* --- recordio's lines --- */

static void check_packet(struct span bytes)
{
	struct packet packet = {4711, '<', bytes};
	char lines[PACKET_LINES];
	struct text back;
	size_t length;

	text_init(&back, ROOM);
	while ((length = packet_next(&packet, lines)) > 0) {
		struct span rest = {lines, length}, line;

		assert(length <= sizeof(lines) && lines[length - 1] == '\n');
		while (span_next_line(&rest, &line)) {
			assert(span_starts(line, SPAN("4711 < ")));
			line = span_tail(line, 7);
			text_add(&back, span_head(line, line.length - 1));
			if (line.bytes[line.length - 1] == ' ')
				text_add_byte(&back, '\n');
			else
				assert(line.bytes[line.length - 1] == '+');
		}
	}
	assert(packet.rest.length == 0 && span_equal(text_span(&back), bytes));
	text_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = {(const char *)bytes, size};

	check_json(input);
	check_page(input);
	check_printable(input);
	check_packet(input);
	return 0;
}
