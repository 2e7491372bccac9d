/*
 * fixcrio: run a program, and put a CR before each LF that has none, on the way in and out.
 *
 *     fixcrio program [argument ...]
 *
 * A process of its own stands between the program and descriptors 0 and 1; the program itself takes
 * the place of this one. Exit 100: wrong usage. Exit 111: the program cannot be run.
 */
#include <unistd.h>

#include "unix/chain.h"
#include "unix/options.h"
#include "unix/pump.h"
#include "unix/report.h"

#define USAGE "program [argument ...]"

int main(int argc, char **argv)
{
	static const enum crlf_change mend = CRLF_MEND;
	struct pump_way forth = {.from = STDIN_FILENO, .change = &mend};
	struct pump_way back = {.to = STDOUT_FILENO, .change = &mend};
	int program;

	report_begin("fixcrio");
	options_next(argc, argv, "", USAGE);
	if (argc - optind < 1)
		die_usage(USAGE, "a program is required");
	switch (pump_insert(&forth.to, &back.from, &program)) {
	case -1: die_errno(EXIT_TEMPORARY, "unable to start another process");
	case 0: chain_exec(argv + optind);
	default: pump_serve(&forth, &back, program);
	}
}
