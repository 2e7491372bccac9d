/*
 * tcpclient: connect to a TCP server, and run a program that talks to it.
 *
 *     tcpclient [-46hHrRdDqQv] [-i localip] [-p localport] [-I interface] [-T seconds[+seconds]]
 *               [-t seconds] [-l localname] host port program [argument ...]
 *
 * The program reads the connection from descriptor 6 and writes to it on descriptor 7, and has the
 * variables of a TCP connection in its environment. Exit 100: wrong usage. Exit 111: no connection,
 * or the program cannot be run.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/chain.h"
#include "unix/connection.h"
#include "unix/dial.h"
#include "unix/environment.h"
#include "unix/names.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE                                                                               \
	"[-46hHrRdDqQv] [-i localip] [-p localport] [-I interface] [-T seconds[+seconds]] " \
	"[-t seconds] [-l localname] host port program [argument ...]"
#define LETTERS "46dDhHi:I:l:p:qQrRt:T:v"
#define READING 6
#define WRITING 7

/* An address may name its interface. */
static bool is_address(const char *string)
{
	struct span whole = span_of(string);
	struct address address;

	return address_read_span(span_head(whole, span_find(whole, '%')), &address);
}

static void read_options(int argc, char **argv, struct dial *dial, struct names_wanted *names)
{
	const char *reason;
	uint32_t port;
	int letter;

	while ((letter = options_next(argc, argv, LETTERS, USAGE)) != -1) {
		switch (letter) {
		case '4': dial->family = AF_INET; break;
		case '6': dial->family = AF_INET6; break;
		case 'd': dial->no_delay = false; break;
		case 'D': dial->no_delay = true; break;
		case 'i':
			if (!is_address(optarg))
				die_usage(USAGE, "-i wants an IP address");
			dial->local = optarg;
			break;
		case 'I': dial->interface = optarg; break;
		case 'p':
			if (!number_read(optarg, 0, UINT16_MAX, &port))
				die_usage(USAGE, "-p wants a port number");
			dial->local_port = (uint16_t)port;
			break;
		case 'q': report_nothing(); break;
		case 'Q': report_usual(); break;
		case 'T':
			if (!dial_read_times(optarg, dial))
				die_usage(USAGE, "-T wants seconds, or seconds+seconds");
			break;
		case 'v': report_more(); break;
		default:
			reason = names_wanted_option(names, letter, optarg);
			if (reason)
				die_usage(USAGE, reason);
		}
	}
}

/* Set the variables of the connection. */
static void describe(int descriptor, const struct names_wanted *wanted)
{
	struct connection connection;
	char address[ADDRESS_TEXT];
	struct names names;

	if (connection_of(descriptor, &connection) == -1)
		die_errno(EXIT_TEMPORARY, "unable to get addresses of the connection");
	address_write(&connection.remote, address);
	report_plain("connected to %s port %u", address, (unsigned)connection.remote_port);
	names_find(&connection, wanted, &names);
	connection_describe(&connection, &names.known, connection_environment());
	for (size_t index = 0; connection_former_variables[index]; index++)
		environment_unset(connection_former_variables[index]);
	names_free(&names);
}

/* Make it the descriptors that the program expects, inherited this time. */
static void move(int descriptor)
{
	report_without_descriptor();
	if (descriptor == READING ? fcntl(descriptor, F_SETFD, 0) == -1
				  : dup2(descriptor, READING) == -1)
		die_errno(EXIT_TEMPORARY, "unable to set up descriptor %d", READING);
	if (descriptor != READING)
		close(descriptor);
	if (dup2(READING, WRITING) == -1)
		die_errno(EXIT_TEMPORARY, "unable to set up descriptor %d", WRITING);
}

int main(int argc, char **argv)
{
	struct names_wanted names = NAMES_WANTED_NONE;
	struct dial dial = DIAL_DEFAULT;
	int descriptor;
	struct text why;

	report_begin("tcpclient");
	chain_ignore_signals();
	names.remote_host = true;
	read_options(argc, argv, &dial, &names);
	if (argc - optind < 3)
		die_usage(USAGE, "host, port and program are required");
	text_init(&why, REPORT_LINE);
	descriptor = dial_host(&dial, argv[optind], argv[optind + 1], &why);
	if (descriptor == -1)
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	text_free(&why);
	describe(descriptor, &names);
	move(descriptor);
	chain_exec(argv + optind + 2);
}
