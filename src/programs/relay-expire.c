/*
 * relay-expire: remove the marks of clients who signed in too long ago.
 *
 *     relay-expire [-v] [-t seconds] directory
 *
 * Only tidies up: relay-check does not heed marks older than its own -t. Safe beside renewals and
 * when killed; of two at once one does the work. Exit 100: wrong usage. Exit 111: not all could be
 * read or removed.
 */
#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/chain.h"
#include "unix/marks.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "[-v] [-t seconds] directory"

int main(int argc, char **argv)
{
	uint32_t lifetime = MARKS_LIFETIME;
	struct marks_count count;
	int letter, result;

	report_begin("relay-expire");
	chain_ignore_signals();
	while ((letter = options_next(argc, argv, "t:v", USAGE)) != -1) {
		switch (letter) {
		case 't':
			if (!number_read(optarg, 1, MARKS_LONGEST, &lifetime))
				die_usage(USAGE, "-t wants 1 to 86400 seconds");
			break;
		case 'v': report_more(); break;
		}
	}
	if (argc - optind != 1)
		die_usage(USAGE, "one directory is required");
	result = marks_expire(argv[optind], lifetime, &count);
	if (result == -1 && errno == EWOULDBLOCK)
		warn("%s is locked: another relay-expire is at work there, or somebody holds it",
		     argv[optind]);
	else if (result == -1)
		die_errno(EXIT_TEMPORARY, "unable to tidy up %s", argv[optind]);
	else
		info("%s: %lu removed, %lu kept", argv[optind], count.removed, count.kept);
	return 0;
}
