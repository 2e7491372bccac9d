/*
 * chain: hand the connection on to the next program.
 */
#ifndef UNIX_CHAIN_H
#define UNIX_CHAIN_H

/* Become the program argv[0], found in PATH, with these arguments (NULL-ended) and the environment
 * as it is. Dies with exit code 111 when it cannot be run. */
_Noreturn void chain_exec(char **argv);

#endif
