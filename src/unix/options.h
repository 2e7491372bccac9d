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

/* The same for a program that has options of one word too, such as --hash: words ends with a NULL
 * name, has at most OPTIONS_WORDS others, and each stands for its letter. */
struct options_word {
	const char *name;
	int letter;
};

#define OPTIONS_WORDS 8

int options_next_word(int argc, char **argv, const char *letters, const struct options_word *words,
		      const char *usage);

#endif
