/*
 * prototype: a process of one program that a launcher has started in advance, and that is copied
 * for each connection.
 *
 * The program must know how to wait: see unix/waiting.h. Copies have one layout of memory in
 * common. So that nobody can find it out by trying, a prototype is used a limited number of times,
 * and is to be dropped when one of its copies has crashed.
 */
#ifndef UNIX_PROTOTYPE_H
#define UNIX_PROTOTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/span.h"

struct prototype {
	pid_t process; /* -1: there is none */
	int socket;
	bool is_ready; /* it has said so */
	unsigned uses; /* that are left */
};

void prototype_init(struct prototype *prototype);

/* Start it; there must be none. The environment has WAITING_VARIABLE. Returns 0, or -1 with errno.
 */
int prototype_start(struct prototype *prototype, const char *path, char *const argv[],
		    char *const environment[]);

/* Let it end; copies that serve live on. */
void prototype_drop(struct prototype *prototype);

enum prototype_answer {
	PROTOTYPE_COPIED, /* *copy, a child of this process, has the connection */
	PROTOTYPE_CANNOT, /* there is no prototype, or no copy of it: the connection is free */
	PROTOTYPE_FAILED, /* the connection is lost; errno says why */
};

/* Give it a connection with its variables, NAME=VALUE each with a NUL. */
enum prototype_answer prototype_copy(struct prototype *prototype, int connection,
				     struct span variables, pid_t *copy);

enum prototype_end {
	PROTOTYPE_OTHER, /* it was another process */
	PROTOTYPE_ENDED, /* it was the prototype; there is none any more */
	PROTOTYPE_NEVER, /* the same, and it never was ready: the program does not know how to wait
			  */
};

/* A process has ended. */
enum prototype_end prototype_has_ended(struct prototype *prototype, pid_t process);

#endif
