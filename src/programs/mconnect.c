/*
 * mconnect: talk to the SMTP server of a host.
 *
 *     mconnect [host [port]]
 *
 * Sends what it reads from descriptor 0, with a CR before each LF that has none, and writes what
 * the server says on descriptor 1. It ends when the server hangs up. Host 0, which is the default,
 * is this machine; the default of port is 25. Exit 100: wrong usage. Exit 111: no connection, or it
 * broke.
 */
#include <unistd.h>

#include "unix/chain.h"
#include "unix/dial.h"
#include "unix/options.h"
#include "unix/pump.h"
#include "unix/report.h"

#define USAGE "[host [port]]"

int main(int argc, char **argv)
{
	static const enum crlf_change mend = CRLF_MEND;
	struct pump_way forth = {.from = STDIN_FILENO, .change = &mend};
	struct pump_way back = {.to = STDOUT_FILENO};
	struct dial dial = DIAL_DEFAULT;
	const char *what;
	struct text why;
	int descriptor, count;

	report_begin("mconnect");
	chain_ignore_signals();
	options_next(argc, argv, "", USAGE);
	count = argc - optind;
	if (count > 2)
		die_usage(USAGE, "at most a host and a port are wanted");
	text_init(&why, REPORT_LINE);
	dial.no_delay = true;
	descriptor = dial_host(&dial, count > 0 ? argv[optind] : "0",
			       count > 1 ? argv[optind + 1] : "25", &why);
	if (descriptor == -1)
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	text_free(&why);
	forth.to = back.from = descriptor;
	if (pump_converse(&forth, &back, &what) == -1)
		die_errno(EXIT_TEMPORARY, "unable to %s", what);
}
