/*
 * start: start programs without waiting, each time, until the program has been executed.
 *
 * As with vfork(2) a child borrows this process's memory until it has executed its program, but
 * this process goes on meanwhile: while the kernel loads one program the next client is taken.
 * What a child is given must stay as it is until start_is_over. Where the processor or the system
 * lets it happen in no such way, it is as with spawn (unix/spawn.h).
 */
#ifndef UNIX_START_H
#define UNIX_START_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "unix/spawn.h"

#define START_MOVES 2
#define START_STACK 8192 /* bytes; more than the few calls of a child take */

/* One child on its way. */
struct start {
	pid_t process;	    /* 0: none; its caller may forget it */
	pid_t parent;	    /* of a child that has to wait for it */
	_Atomic int borrow; /* the kernel clears it when the child has let go of this memory */
	_Atomic int may_go; /* to the program */
	_Atomic int failure;
	const char *path;
	char *const *argv, *const *envp;
	struct spawn_move moves[START_MOVES];
	size_t count;
	char *stack;
};

/* Take memory for a stack. Returns 0, or -1 with errno. */
int start_init(struct start *start);

/* Wait until it is over, and give the memory back. */
void start_free(struct start *start);

/* Start the file path as spawn does, with at most START_MOVES moves. Before the program is
 * executed, say is called with the child's process id, in this process or in the child, which may
 * only write then; NULL: nothing is to be said. Returns the process id; or -1 with errno, process
 * being 0 when there was none to be had. A program that could not be executed is known at once, or
 * is that of a child that ends with 111: start_failure. */
pid_t start_begin(struct start *start, const char *path, char *const argv[], char *const envp[],
		  const struct spawn_move *moves, size_t count,
		  void (*say)(void *world, pid_t process), void *world);

/* Whether all that a child was given is no longer needed; and wait until then. */
bool start_is_over(const struct start *start);
void start_wait(struct start *start);

/* When it is over: errno of a program that could not be executed, or 0. */
int start_failure(const struct start *start);

#endif
