/*
 * nth_allocation: one allocation of many that fails.
 *
 * For one file of a test, which the linker is told to give __wrap_realloc in the place of realloc;
 * a file that has others of its own counts with the same two variables.
 */
#ifndef SUPPORT_NTH_ALLOCATION_H
#define SUPPORT_NTH_ALLOCATION_H

#include <stddef.h>

/* How many there were, and which of them fails; 0: none. */
static unsigned allocations, fails_at;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_realloc(void *block, size_t size)
{
	return ++allocations == fails_at ? NULL : __real_realloc(block, size);
}

#endif
