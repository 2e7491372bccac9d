/*
 * detach: fork a process that is nobody's child, so that who waits for children never meets it.
 */
#ifndef UNIX_DETACH_H
#define UNIX_DETACH_H

/* Returns 1 in the new process, 0 in the caller, or -1 with errno and no new process. The new
 * process belongs to init, or to whoever reaps orphans here; the caller gets no SIGCHLD from its
 * end and no zombie. */
int detach(void);

#endif
