/*
 * longest: no moment is farther away than a test has patience for.
 *
 * For one file of a test, which the linker is told to give __wrap_deadline_in in the place of
 * deadline_in.
 */
#ifndef SUPPORT_LONGEST_H
#define SUPPORT_LONGEST_H

#include <stdint.h>

#include "unix/deadline.h"

static int64_t longest = INT64_MAX; /* milliseconds */

int64_t __wrap_deadline_in(int64_t milliseconds);
int64_t __real_deadline_in(int64_t milliseconds);

int64_t __wrap_deadline_in(int64_t milliseconds)
{
	return __real_deadline_in(milliseconds < longest ? milliseconds : longest);
}

#endif
