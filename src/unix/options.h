/*
 * options: the command line, read in the same way by every program.
 *
 * Parsing stops at the first word that is no option. --help and --version answer on descriptor 1
 * and exit 0; a wrong option dies with the usage line and exit code 100. The value of an option is
 * in optarg and the first word behind the options at argv[optind], as with getopt(3).
 */
#ifndef UNIX_OPTIONS_H
#define UNIX_OPTIONS_H

#define TIDEWAITER_VERSION "0.1.0"

/* The next option's letter, or -1 behind the last. Letters are as for getopt(3); usage is what
 * follows the program's name in the usage line. */
int options_next(int argc, char **argv, const char *letters, const char *usage);

#endif
