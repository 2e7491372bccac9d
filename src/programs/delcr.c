/*
 * delcr: take away the CR before each LF.
 *
 *     delcr
 *
 * Copies descriptor 0 to descriptor 1. A CR anywhere else stays.
 * Exit 100: wrong usage. Exit 111: the input cannot be read, or the output not written.
 */
#include <unistd.h>

#include "unix/line_ends.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE ""

int main(int argc, char **argv)
{
	const char *what;

	report_begin("delcr");
	options_next(argc, argv, "", USAGE);
	if (optind < argc)
		die_usage(USAGE, "it takes no argument");
	if (line_ends_copy(CRLF_REMOVE, &what) == -1)
		die_errno(EXIT_TEMPORARY, "unable to %s", what);
}
