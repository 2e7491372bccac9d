/*
 * relay-check: run a program, letting it relay if this client signed in recently.
 *
 *     relay-check [-v] [-t seconds] directory program [argument ...]
 *
 * Reads TCPREMOTEIP. Sets RELAYCLIENT to the empty string when directory holds a mark for that
 * address younger than -t (default 1800). When the marks cannot be read, sets RELAYUNKNOWN, so
 * that smtpd defers what it would refuse. Asks nothing when RELAYCLIENT is set already. Exit 100:
 * wrong usage or environment. Exit 111: program cannot be run.
 */
#include <stdint.h>
#include <unistd.h>

#include "base/address.h"
#include "base/number.h"
#include "base/text.h"
#include "unix/chain.h"
#include "unix/environment.h"
#include "unix/marks.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "[-v] [-t seconds] directory program [argument ...]"

static void look_for_window(const char *directory, uint32_t lifetime)
{
	char text[ADDRESS_TEXT];
	struct address client;
	struct text why;

	if (!address_read_client(span_of(environment_require("TCPREMOTEIP")), &client))
		die(EXIT_PERMANENT, "TCPREMOTEIP is not an IP address");
	address_write(&client, text);
	text_init(&why, REPORT_LINE);
	switch (marks_find(directory, &client, lifetime, &why)) {
	case VERDICT_YES:
		info("%s may relay", text);
		environment_set("RELAYCLIENT", "");
		break;
	case VERDICT_NO: info("%s has no mark in %s", text, directory); break;
	case VERDICT_LATER: /* guessing would open the relay or refuse a customer for good */
		warn("unable to tell whether %s may relay: %s", text, text_string(&why));
		environment_set("RELAYUNKNOWN", "1");
		break;
	}
	text_free(&why);
}

int main(int argc, char **argv)
{
	uint32_t lifetime = MARKS_LIFETIME;
	int letter;

	report_begin("relay-check");
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
	if (argc - optind < 2)
		die_usage(USAGE, "directory and program are required");
	if (!environment_get("RELAYCLIENT"))
		look_for_window(argv[optind], lifetime);
	chain_exec(argv + optind + 1);
}
