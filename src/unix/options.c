#include "unix/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "unix/report.h"

enum { OPTION_HELP = 256, OPTION_VERSION };

/* What --help and --version say must arrive, or the exit code says that it did not. */
static _Noreturn void finish_output(void)
{
	/* musl may have written, and failed, before; then it has nothing left to flush. */
	if (fflush(stdout) != 0 || ferror(stdout))
		die_errno(EXIT_TEMPORARY, "unable to write to standard output");
	exit(0);
}

int options_next(int argc, char **argv, const char *letters, const char *usage)
{
	return options_next_word(argc, argv, letters, NULL, usage);
}

int options_next_word(int argc, char **argv, const char *letters, const struct options_word *words,
		      const char *usage)
{
	struct option all[OPTIONS_WORDS + 3] = {
		{"help", no_argument, NULL, OPTION_HELP},
		{"version", no_argument, NULL, OPTION_VERSION},
	};
	char pattern[64], reason[64];
	int letter;

	for (size_t index = 0; words && words[index].name && index < OPTIONS_WORDS; index++)
		all[index + 2] =
			(struct option){words[index].name, no_argument, NULL, words[index].letter};

	/* '+': stop at the first word that is no option; ':' tells a missing value apart. */
	snprintf(pattern, sizeof(pattern), "+:%s", letters);
	opterr = 0;
	letter = getopt_long(argc, argv, pattern, all, NULL);
	switch (letter) {
	case OPTION_HELP:
		printf("usage: %s%s%s\nThe manual page %s(8) tells the rest.\n", report_program(),
		       *usage ? " " : "", usage, report_program());
		finish_output();
	case OPTION_VERSION:
		printf("%s (tidewaiter) %s\n", report_program(), TIDEWAITER_VERSION);
		finish_output();
	case ':':
		snprintf(reason, sizeof(reason), "option -%c wants a value", optopt);
		die_usage(usage, reason);
	case '?':
		if (optopt > ' ' && optopt <= '~')
			snprintf(reason, sizeof(reason), "unknown option -%c", optopt);
		else
			snprintf(reason, sizeof(reason), "unknown option");
		die_usage(usage, reason);
	default: return letter;
	}
}
