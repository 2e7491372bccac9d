#include "rules/proxy_header.h"

#include <string.h>

#include "base/number.h"

#define LINE_LARGEST	107 /* bytes of the longest line of version 1, its CRLF included */
#define LINE_SHORTEST	15  /* "PROXY UNKNOWN" and CRLF */
#define BINARY_START	16  /* bytes before the addresses of version 2 */
#define TYPE_CHECKSUM	0x03
#define CHECKSUM_LENGTH 4

static const struct span signature = {"\r\n\r\n\0\r\nQUIT\n", 12};

static enum proxy_step malformed(struct text *why, const char *reason)
{
	text_add_string(why, reason);
	return PROXY_MALFORMED;
}

static unsigned number_at(struct span bytes, size_t index)
{
	return (unsigned)(span_byte(bytes, index) << 8 | span_byte(bytes, index + 1));
}

/* --- version 1 --- */

/* Cut the next word off the front; words end at one blank. False when there is none. */
static bool next_word(struct span *rest, struct span *word)
{
	size_t length = span_find(*rest, ' ');

	if (length == 0)
		return false;
	*word = span_head(*rest, length);
	*rest = span_tail(*rest, length + (length < rest->length));
	return true;
}

static bool read_port(struct span word, uint16_t *port)
{
	uint64_t number;

	if ((word.length > 1 && word.bytes[0] == '0') || !number_read_span(word, 65535, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

/* The family is that of the text, before a v4-mapped address becomes what it is. */
static bool read_address(struct span word, bool is_6, struct address *address)
{
	return (span_find(word, ':') < word.length) == is_6 && address_read_span(word, address);
}

static enum proxy_step read_fields(struct span line, bool is_6, struct proxy_header *header,
				   struct text *why)
{
	struct span words[4];

	for (size_t index = 0; index < 4; index++)
		if (!next_word(&line, &words[index]))
			return malformed(why, "PROXY line: two addresses and two ports are wanted");
	if (line.length || words[3].bytes[words[3].length] != '\r')
		return malformed(why, "PROXY line: something follows the ports");
	if (!read_address(words[0], is_6, &header->remote) ||
	    !read_address(words[1], is_6, &header->local))
		return malformed(why, "PROXY line: not an address of its family");
	if (!read_port(words[2], &header->remote_port) || !read_port(words[3], &header->local_port))
		return malformed(why, "PROXY line: not a port");
	header->has_addresses = true;
	return PROXY_DONE;
}

static enum proxy_step read_line(struct span bytes, size_t *more, struct proxy_header *header,
				 struct text *why)
{
	struct span line = bytes;
	size_t end = span_find(bytes, '\r');

	if (end + 1 >= bytes.length) { /* no byte behind a CR yet */
		if (end + 2 > LINE_LARGEST)
			return malformed(why, "PROXY line: longer than 107 bytes");
		if (span_find(bytes, '\n') < bytes.length)
			return malformed(why, "PROXY line: LF without CR");
		*more = end < bytes.length ? 1 : 2;
		return PROXY_MORE;
	}
	if (end + 2 != bytes.length || bytes.bytes[end + 1] != '\n')
		return malformed(why, "PROXY line: CR without LF");
	line = span_head(bytes, end);
	if (span_find(line, '\0') < line.length || span_find(line, '\n') < line.length)
		return malformed(why, "PROXY line: a byte that is no text");
	if (span_starts(line, SPAN("PROXY TCP4 ")))
		return read_fields(span_tail(line, 11), false, header, why);
	if (span_starts(line, SPAN("PROXY TCP6 ")))
		return read_fields(span_tail(line, 11), true, header, why);
	if (span_equal(line, SPAN("PROXY UNKNOWN")) || span_starts(line, SPAN("PROXY UNKNOWN ")))
		return PROXY_DONE;
	return malformed(why, "PROXY line: neither TCP4, TCP6 nor UNKNOWN");
}

/* --- version 2 --- */

/* CRC-32C (RFC 3720 appendix B.4) of the header, with the four bytes at hole taken as zero. */
static uint32_t checksum(struct span bytes, size_t hole)
{
	uint32_t remainder = 0xffffffff;

	for (size_t index = 0; index < bytes.length; index++) {
		bool is_hole = index >= hole && index < hole + CHECKSUM_LENGTH;

		remainder ^= is_hole ? 0 : (uint32_t)span_byte(bytes, index);
		for (unsigned bit = 0; bit < 8; bit++)
			remainder = remainder >> 1 ^ (remainder & 1 ? 0x82f63b78 : 0);
	}
	return ~remainder;
}

/* Walk the type-length-value fields behind the addresses: their lengths must add up, and a checksum
 * must be right. What else they say is nobody's business here. */
static enum proxy_step check_fields(struct span bytes, size_t index, struct text *why)
{
	while (index < bytes.length) {
		size_t length;

		if (bytes.length - index < 3)
			return malformed(why, "PROXY header: a field is cut short");
		length = number_at(bytes, index + 1);
		if (bytes.length - index - 3 < length)
			return malformed(why, "PROXY header: a field is longer than the header");
		if (span_byte(bytes, index) == TYPE_CHECKSUM) {
			size_t place = index + 3;

			if (length != CHECKSUM_LENGTH)
				return malformed(why, "PROXY header: a checksum has four bytes");
			if (checksum(bytes, place) !=
			    ((uint32_t)number_at(bytes, place) << 16 | number_at(bytes, place + 2)))
				return malformed(why, "PROXY header: wrong checksum");
		}
		index += 3 + length;
	}
	return PROXY_DONE;
}

static enum proxy_step read_binary(struct span bytes, size_t *more, struct proxy_header *header,
				   struct text *why)
{
	const char *start;
	size_t length;
	int command, family;

	if (bytes.length < BINARY_START) {
		*more = BINARY_START - bytes.length;
		return PROXY_MORE;
	}
	start = bytes.bytes + BINARY_START;
	command = span_byte(bytes, 12);
	family = span_byte(bytes, 13);
	length = number_at(bytes, 14);
	if (command != 0x20 && command != 0x21)
		return malformed(why, "PROXY header: neither version 2 LOCAL nor PROXY");
	if (command == 0x21 && family != 0x00 && family != 0x11 && family != 0x21 && family != 0x31)
		return malformed(why, "PROXY header: not a stream family");
	if (command == 0x21 &&
	    ((family == 0x11 && length < 12) || (family == 0x21 && length < 36) ||
	     (family == 0x31 && length < 216)))
		return malformed(why, "PROXY header: too short for its addresses");
	if (bytes.length < BINARY_START + length) {
		*more = BINARY_START + length - bytes.length;
		return PROXY_MORE;
	}
	if (command == 0x20 || family == 0x00) /* LOCAL, UNSPEC: what follows is to be skipped */
		return PROXY_DONE;
	if (family == 0x31)
		return check_fields(bytes, BINARY_START + 216, why);
	header->has_addresses = true;
	if (family == 0x11) {
		header->remote = address_from_4(start);
		header->local = address_from_4(start + 4);
		header->remote_port = (uint16_t)number_at(bytes, BINARY_START + 8);
		header->local_port = (uint16_t)number_at(bytes, BINARY_START + 10);
		return check_fields(bytes, BINARY_START + 12, why);
	}
	header->remote = address_from_16(start);
	header->local = address_from_16(start + 16);
	header->remote_port = (uint16_t)number_at(bytes, BINARY_START + 32);
	header->local_port = (uint16_t)number_at(bytes, BINARY_START + 34);
	return check_fields(bytes, BINARY_START + 36, why);
}

enum proxy_step proxy_header_read(struct span bytes, size_t *more, struct proxy_header *header,
				  struct text *why)
{
	struct span line_start = SPAN("PROXY ");

	memset(header, 0, sizeof(*header));
	if (span_starts(bytes, span_head(line_start, bytes.length))) {
		if (bytes.length >= LINE_SHORTEST)
			return read_line(bytes, more, header, why);
		*more = LINE_SHORTEST - bytes.length;
		return PROXY_MORE;
	}
	if (span_starts(bytes, span_head(signature, bytes.length)))
		return read_binary(bytes, more, header, why);
	return malformed(why, "no PROXY header");
}
