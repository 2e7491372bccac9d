/*
 * places: programs that are being started, a few at a time, each with an environment of its own.
 */
#ifndef UNIX_PLACES_H
#define UNIX_PLACES_H

#include <stdint.h>

#include "base/text.h"
#include "unix/start.h"
#include "unix/variables.h"

#define PLACES 4 /* eight were no faster on two processors */

struct place {
	struct start start;
	struct variables variables;
	uint64_t turn; /* when it was taken last */
};

struct places {
	struct place places[PLACES];
	uint64_t turn;
	struct text path; /* of the program; empty until it is found */
};

/* Each begins with these variables, whose strings must stay. Returns 0, or -1 with errno; free what
 * there is then, too. */
int places_init(struct places *places, const struct variables *variables);

/* Wait until all that is being started has begun. */
void places_free(struct places *places);

/* One that is free, or that which was taken first, as soon as it is. Its variables are to be
 * cleared. Its start.process is still that of the last program, and start_failure tells of it,
 * unless the caller has set the first to 0. */
struct place *places_take(struct places *places);

/* The one whose start.process this is; or NULL. */
struct place *places_of(struct places *places, pid_t process);

/* Start a program, found in PATH, with the variables of this place and the descriptor as its 0 and
 * 1. The rest is as with start_begin. */
pid_t places_start(struct places *places, struct place *place, const char *file, char *const argv[],
		   int descriptor, void (*say)(void *world, pid_t process), void *world);

/* Wait until all that is being started has begun, or could not. */
void places_wait(struct places *places);

/* The program may be elsewhere by now. */
void places_forget_path(struct places *places);

#endif
