/*
 * patience: how long a client may keep a session waiting.
 *
 * Only time that passed while nothing but the client was waited for counts, so nobody is blamed for
 * a tarpit or a slow queue program. A command line has command_seconds to arrive whole: a byte now
 * and then buys no time. In the data of a message each stall may last command_seconds; and once
 * grace_seconds were waited for the message, all its bytes over all the time waited, between its
 * chunks too, must make at least least_rate. Pure arithmetic: whoever has a clock says what went
 * by.
 */
#ifndef HOST_PATIENCE_H
#define HOST_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience_limits {
	uint32_t command_seconds;
	uint32_t grace_seconds;
	uint64_t least_rate; /* bytes a second; 0: none */
};

struct patience {
	struct patience_limits limits;
	bool is_in_data;
	uint64_t commands;     /* command lines that came whole */
	uint64_t message;      /* that is under way; 0: none */
	uint64_t line_waited;  /* milliseconds, for this command line */
	uint64_t stall_waited; /* milliseconds, since the last byte of the message */
	uint64_t data_waited;  /* milliseconds, for this message */
	uint64_t data_bytes;
};

/* A session starts. */
void patience_init(struct patience *patience, struct patience_limits limits);

/* Milliseconds for which the next byte may be waited for; 0: the client was too slow. */
uint64_t patience_left(const struct patience *patience);

/* So many milliseconds were waited, and so many bytes came; none when the wait just went on. */
void patience_wait(struct patience *patience, uint64_t milliseconds, uint64_t bytes);

/* What the dialogue made of the bytes: is it in data now, of which message (0: of none; each has
 * another number), and how many command lines came whole so far? */
void patience_turn(struct patience *patience, bool is_in_data, uint64_t message, uint64_t commands);

#endif
