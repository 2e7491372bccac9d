/*
 * sandbox: keep a process to the descriptors that it has, and to reading and writing on them.
 *
 * What it may still do: read and write, wait, close, put one descriptor in the place of 0 or 1,
 * shut a connection down, take memory that cannot be executed, look at the clock, and end. Any
 * other system call ends it at once, by SIGSYS and without a core dump. It can get no new
 * descriptor, even by a call that is allowed; it cannot be looked into by other processes; nothing
 * that it could execute would have more privileges.
 */
#ifndef UNIX_SANDBOX_H
#define UNIX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/text.h"

/* To be called in a child, with its parent's number. For good: close all descriptors but those kept
 * (-1 stands for none) and descriptors 0, 1 and 2, and confine this process as above. When the
 * parent ends it is ended too, by SIGKILL. False where this system or this processor has no such
 * means, or something was refused; *why then gets the reason, descriptor 2 is still there to tell
 * it, and the process, which may be confined in part, must end. After success descriptor 2 is
 * closed, and the modules that open files or start programs must not be called. */
bool sandbox_enter(pid_t parent, const int *kept, size_t count, struct text *why);

#endif
