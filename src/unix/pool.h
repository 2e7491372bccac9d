/*
 * pool: processes of one program that a launcher has started in advance, each of which waits for
 * one connection, serves it, and ends.
 *
 * The program must know how to wait: see unix/waiting.h. Until one of its processes has said that
 * it is ready there is no more than one, so that a program that does not know costs little.
 */
#ifndef UNIX_POOL_H
#define UNIX_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/span.h"

#define POOL_MOST 500 /* each has a descriptor */

struct pool_process {
	pid_t process;
	int socket;
	bool is_ready;	/* it has said so */
	bool is_silent; /* nothing more will be heard of it */
};

struct pool {
	size_t wanted, count;
	bool is_known_to_wait;			/* one of them was ready */
	struct pool_process process[POOL_MOST]; /* the oldest first */
};

/* So many are wanted, POOL_MOST at most. */
void pool_init(struct pool *pool, size_t wanted);

/* Let all of them end, and want no more. */
void pool_drop(struct pool *pool);

/* Whether one more is to be started now. */
bool pool_is_short(const struct pool *pool);

/* Start one more. The environment has WAITING_VARIABLE; descriptors 1 and 2 are the caller's.
 * Returns 0, or -1 with errno. */
int pool_start(struct pool *pool, const char *path, char *const argv[], char *const environment[]);

/* The descriptor that is readable when pool_hear has something to do, or -1. */
int pool_descriptor(const struct pool *pool);
void pool_hear(struct pool *pool);

/* Give a connection with its variables, NAME=VALUE each with a NUL, to one that is ready. Returns
 * its process id: it is a child like any other from then on, and its copy of the connection is the
 * only one that is needed. Or -1: nobody has the connection. Does not wait. */
pid_t pool_give(struct pool *pool, int connection, struct span variables);

enum pool_end {
	POOL_OTHER,  /* it was none of these */
	POOL_ENDED,  /* it was one, and waits no more */
	POOL_CANNOT, /* the same, and the program does not know how to wait: no more are wanted */
};

/* A process has ended with this status of waitpid(2). */
enum pool_end pool_has_ended(struct pool *pool, pid_t process, int status);

#endif
