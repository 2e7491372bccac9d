/*
 * spared: a child that kill(2) cannot end, as a program with privileges that has changed its real
 * user.
 *
 * For one file of a test, which the linker is told to give __wrap_kill in the place of kill.
 */
#ifndef SUPPORT_SPARED_H
#define SUPPORT_SPARED_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "support/check.h"

static bool is_spared; /* from now on */
static pid_t spared;   /* whom kill should have ended */

int __wrap_kill(pid_t process, int number);
int __real_kill(pid_t process, int number);

int __wrap_kill(pid_t process, int number)
{
	if (!is_spared)
		return __real_kill(process, number);
	spared = process;
	errno = EPERM;
	return -1;
}

/* It was left behind: end it after all. */
static void end_spared(void)
{
	is_spared = false;
	assert_int_equal(waitpid(spared, NULL, WNOHANG), 0);
	assert_int_equal(__real_kill(spared, SIGKILL), 0);
	assert_int_equal(waitpid(spared, NULL, 0), spared);
}

#endif
