/*
 * spawn: start a program in a child process that has these descriptors and no others.
 */
#ifndef UNIX_SPAWN_H
#define UNIX_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/text.h"

/* In the child, descriptor to is a copy of the caller's descriptor from. */
struct spawn_move {
	int from, to;
};

/* The signals that this suite's programs ignore, which a program that is executed would go on
 * doing. For one that is caught execve(2) restores the default. */
#define SPAWN_IGNORED 2
extern const int spawn_ignored[SPAWN_IGNORED];

/* Call once, before anything is opened: signals that were ignored by whoever started this program
 * get their default back, and no descriptor above 2 will be inherited by a child. */
void spawn_prepare(void);

/* Whether execve(2) could take this file, and the interpreter of a script; errno says why it could
 * not. */
bool spawn_can_run(const char *path);

/* Find a program as execvp(3) does: a name with a slash is taken as it is, any other is looked for
 * in PATH, where what cannot be executed, as a directory or a script without its interpreter, or
 * has too long a path, is passed over. Appends its path to *path and returns 0, or -1 with errno.
 */
int spawn_find(const char *name, struct text *path);

/* Start the file path with these arguments and this environment, both NULL-ended. The moves happen
 * one after the other: a later one must not need a descriptor that an earlier one has replaced.
 * The child has default signal dispositions, an empty signal mask, and no descriptor but those
 * moved and those that the caller left inheritable. Returns its process id, or -1 with errno; a
 * program that cannot be executed is such an error, and leaves no child to wait for. */
pid_t spawn(const char *path, char *const argv[], char *const envp[],
	    const struct spawn_move *moves, size_t count);

/* The same, and before anything else the child calls begin: what it says there is said before the
 * program can say anything. It runs in the caller's memory, with all signals blocked, while the
 * caller waits; it may only change that memory and write. */
pid_t spawn_with(const char *path, char *const argv[], char *const envp[],
		 const struct spawn_move *moves, size_t count, void (*begin)(void *world),
		 void *world);

/* Wait for a child's end until a moment (unix/deadline.h), and set *status as waitpid(2) does.
 * False when it has not ended. */
bool spawn_wait(pid_t child, int64_t moment, int *status);

#define SPAWN_DEATH 1000 /* milliseconds that spawn_kill waits at most */

/* End a child with SIGKILL and take its status, as waitpid(2) sets it. A program with privileges
 * that has changed its real user cannot be ended by the one who started it, and one that waits for
 * a disk not at once: such a one is left behind, and *status stays as it is. */
void spawn_kill(pid_t child, int *status);

#endif
