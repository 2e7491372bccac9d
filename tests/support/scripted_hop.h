/*
 * scripted_hop: a next hop for unit tests, in a process of its own, that plays what it is told to.
 */
#ifndef TESTS_SUPPORT_SCRIPTED_HOP_H
#define TESTS_SUPPORT_SCRIPTED_HOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MOST_STEPS 8
#define SILENT	   "" /* it says nothing, and waits */

/* What the next hop waits for, byte by byte, and what it then says. NULL: for nothing; and it
 * closes the connection. The step behind the last one is of two NULLs; when the first one is, too,
 * the next hop takes the connection and says nothing. */
struct step {
	const char *expects, *says;
};

/* Start it. *port is where it listens, on loopback. */
pid_t scripted_hop_start(const struct step steps[MOST_STEPS], uint16_t *port);

/* Whether it has heard all that it waited for, and after that nothing but QUIT; else it has said
 * more on descriptor 2. */
bool scripted_hop_end(pid_t hop);

#endif
