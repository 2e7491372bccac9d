/*
 * chain: hand the connection on to the next program.
 */
#ifndef UNIX_CHAIN_H
#define UNIX_CHAIN_H

#include "base/text.h"

/* Call first in a program that must go on whatever becomes of its log: what is written where nobody
 * reads any more, or where nothing more may be written, is an error and no signal. */
void chain_ignore_signals(void);

/* Become the program argv[0], found in PATH, with these arguments (NULL-ended) and the environment
 * as it is; what is executable but no program is run by /bin/sh. It has SIGPIPE and SIGXFSZ as they
 * are by default, whoever ignored them. Dies with exit code 111 when it cannot be run. */
_Noreturn void chain_exec(char **argv);

/* The same with the path of the program, for whoever has found it (unix/spawn.h) before he changed
 * the environment by the words of others. Returns, with errno, when it cannot be run. */
void chain_exec_found(const struct text *path, char **argv);

#endif
