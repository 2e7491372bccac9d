/*
 * secret: keep a password that is read from going anywhere else.
 */
#ifndef UNIX_SECRET_H
#define UNIX_SECRET_H

#include "base/text.h"

/* From now on this process leaves no core, and no other process of its user can look into it. What
 * it executes has the limits that it would have had. Returns 0, or -1 with errno. */
int secret_protect_process(void);

/* Append the first line of a descriptor, without its LF, to *secret, in which room up to its
 * maximum is reserved first so that no copy is left behind. From a terminal the line is read
 * without being shown, behind the prompt, which is written to descriptor 2; a signal that stops or
 * ends the process finds the terminal as it was. Returns 0, or -1 with errno: EMSGSIZE for a line
 * that is longer than the maximum, EINVAL for a NUL in it. */
int secret_read_line(int descriptor, const char *prompt, struct text *secret);

#endif
