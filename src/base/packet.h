/*
 * packet: bytes on their way between a program and its client, as lines of a log.
 *
 * A line is "PROCESS < BYTES" for input and "PROCESS > BYTES" for output, with a blank behind where
 * the bytes ended in LF, and a plus sign where they went on or the packet ended. At most
 * PACKET_PIECE bytes stand in one line. The bytes are written as they are, CR and control
 * characters among them.
 */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define PACKET_PIECE 256  /* bytes */
#define PACKET_LINES 4096 /* bytes of the lines made at once; a pipe takes so many in one piece */

struct packet {
	uint64_t process;
	char direction; /* '<' or '>' */
	struct span rest;
};

/* Write as many whole lines as fit about the front of packet->rest and cut them off there. Returns
 * how many bytes that is; 0 when there is no rest. */
size_t packet_next(struct packet *packet, char lines[PACKET_LINES]);

/* Write the line that tells of the end, "PROCESS < [EOF]". Returns its length. */
size_t packet_end(const struct packet *packet, char lines[PACKET_LINES]);

#endif
