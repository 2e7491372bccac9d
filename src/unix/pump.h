/*
 * pump: carry bytes both ways between descriptors, mending or recording them on the way.
 *
 * The two ways never wait for each other: each has one buffer, which bounds its memory, and stops
 * reading while its reader is slow. Descriptors may block, and may be shared with other processes:
 * their flags stay as they are.
 */
#ifndef UNIX_PUMP_H
#define UNIX_PUMP_H

#include <stdbool.h>

#include "base/crlf.h"
#include "base/span.h"

#define PUMP_PATIENCE 60000 /* milliseconds without progress, when only the way back is left */
#define PUMP_ENDING   10000 /* milliseconds in which a program that hung up is seen to end */
#define PUMP_FAREWELL 2000  /* milliseconds for a client who still talks to hear the last words */

struct pump_way {
	int from, to;
	const enum crlf_change *change; /* NULL: the ends of lines stay as they are */
	/* Called with each packet before it is written, and with an empty one at the end. May be
	 * NULL. */
	void (*record)(void *world, struct span bytes);
	void *world; /* handed back as first argument */
};

/* Carry on until both ways have ended. A way ends when its input has ended and all of it is
 * written, or when nobody will read what it writes; then the descriptor to is closed, and from,
 * unless it is a socket: others may use that. The way forth leads to a program and the way back to
 * its client, who is given PUMP_PATIENCE to take the rest once the program is gone, and
 * PUMP_FAREWELL if it stopped listening before he stopped talking. program: a descriptor that tells
 * its end (pidfd_open(2)), or -1. One that closes both ways and lives on, because its connection is
 * under TLS now, gets its client left alone. */
void pump_serve(const struct pump_way *forth, const struct pump_way *back, int program);

/* Carry on until the way back has ended. Where the way forth ends first, the socket it leads to is
 * told that nothing more will come. Returns 0, or -1 with errno and what the way back was unable to
 * do. */
int pump_converse(const struct pump_way *forth, const struct pump_way *back, const char **what);

/* Put a process between this one's descriptors 0 and 1 and whoever has their other ends. Returns 0
 * in this process, whose descriptors 0 and 1 are pipes now; 1 in the new process, which keeps the
 * old 0, 1 and 2, the pipes' other ends, a pidfd of this one (or -1), and no other descriptor, and
 * which ignores the signals that could keep it from its work; -1 with errno and nothing changed.
 * The new process is nobody's child. */
int pump_insert(int *to_program, int *from_program, int *program);

#endif
