/*
 * check_password: ask a program of checkpassword's interface whether a password is right.
 *
 * The program reads user, password and a timestamp, each with a NUL behind it, from descriptor 3,
 * and says by its exit code what it thinks. It sees neither the network nor, in its arguments or
 * its environment, the password. Follows checkpassword's interface, 512 bytes in all.
 */
#ifndef HOST_CHECK_PASSWORD_H
#define HOST_CHECK_PASSWORD_H

#include <stdint.h>

#include "base/span.h"
#include "base/verdict.h"

#define CHECK_PASSWORD_SECONDS 30 /* how long a program may think */

/* Run argv, which ends in NULL. YES: exit code 0; *trouble, for the log, is not NULL then when the
 * program has not read user and password. LATER: exit code 111, a crash, no answer within so many
 * seconds or before there is something to read from stop (-1: there is no such descriptor), or it
 * could not be run; *trouble says which, and is NULL in the last case, for which errno has the
 * reason. NO: any other exit code, or what the interface cannot carry. Takes at most the time given
 * and SPAWN_DEATH, whatever the program does: one that has not answered is ended or, where it is
 * not ours to end, left behind (spawn_kill). */
enum verdict check_password(char *const argv[], struct span user, struct span password,
			    uint32_t seconds, int stop, const char **trouble);

#endif
