#include "base/packet.h"

#include <string.h>

#define PREFIX 24 /* bytes of the longest: a number of 20 digits and three more */

static size_t write_prefix(const struct packet *packet, char *line)
{
	char digits[20];
	size_t count = 0, length = 0;
	uint64_t number = packet->process;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		line[length++] = digits[--count];
	line[length++] = ' ';
	line[length++] = packet->direction;
	line[length++] = ' ';
	return length;
}

size_t packet_next(struct packet *packet, char lines[PACKET_LINES])
{
	size_t length = 0;

	while (packet->rest.length && length + PREFIX + PACKET_PIECE + 2 <= PACKET_LINES) {
		struct span piece = span_head(packet->rest, PACKET_PIECE);
		size_t run = span_find(piece, '\n');
		bool is_line = run < piece.length;

		length += write_prefix(packet, lines + length);
		memcpy(lines + length, piece.bytes, run);
		length += run;
		lines[length++] = is_line ? ' ' : '+';
		lines[length++] = '\n';
		packet->rest = span_tail(packet->rest, is_line ? run + 1 : run);
	}
	return length;
}

size_t packet_end(const struct packet *packet, char lines[PACKET_LINES])
{
	struct span end = SPAN("[EOF]\n");
	size_t length = write_prefix(packet, lines);

	memcpy(lines + length, end.bytes, end.length);
	return length + end.length;
}
