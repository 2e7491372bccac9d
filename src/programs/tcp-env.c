/*
 * tcp-env: set the variables of a TCP connection, for programs that something else than tcpserver
 * starts.
 *
 *     tcp-env [-hHpPrR] [-t seconds] [-l localname] program [argument ...]
 *
 * Descriptor 0 is the connection, as under inetd, xinetd and systemd. When PROTO says TCP or TCP6
 * already, it all was done, and nothing is changed. Exit 100: wrong usage. Exit 111: descriptor 0
 * is not a TCP connection, or the program cannot be run.
 */
#include <string.h>
#include <unistd.h>

#include "unix/chain.h"
#include "unix/connection.h"
#include "unix/environment.h"
#include "unix/names.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "[-hHpPrR] [-t seconds] [-l localname] program [argument ...]"

static bool is_done(void)
{
	const char *protocol = environment_get("PROTO");

	return protocol && (strcmp(protocol, "TCP") == 0 || strcmp(protocol, "TCP6") == 0);
}

static void describe(const struct names_wanted *wanted)
{
	struct connection connection;
	struct names names;

	if (connection_of(STDIN_FILENO, &connection) == -1)
		die_errno(EXIT_TEMPORARY, "descriptor 0 is not a TCP connection");
	names_find(&connection, wanted, &names);
	connection_describe(&connection, &names.known, connection_environment());
	for (size_t index = 0; connection_former_variables[index]; index++)
		environment_unset(connection_former_variables[index]);
	names_free(&names);
}

int main(int argc, char **argv)
{
	struct names_wanted wanted = NAMES_WANTED_NONE;
	const char *reason;
	int letter;

	report_begin("tcp-env");
	chain_ignore_signals();
	wanted.remote_host = true;
	while ((letter = options_next(argc, argv, NAMES_LETTERS, USAGE)) != -1) {
		reason = names_wanted_option(&wanted, letter, optarg);
		if (reason)
			die_usage(USAGE, reason);
	}
	if (argc - optind < 1)
		die_usage(USAGE, "a program is required");
	if (!is_done())
		describe(&wanted);
	chain_exec(argv + optind);
}
