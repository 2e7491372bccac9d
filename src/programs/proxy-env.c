/*
 * proxy-env: take a PROXY header off a connection, and run a program for the client that it names.
 *
 *     proxy-env [-t seconds] program [argument ...]
 *
 * Reads the header from descriptor 0 and not one byte more, within -t (default 5) seconds in all.
 * Sets the variables of tcp-environ(5) for the client; the proxy's own address goes to TCPPROXYIP
 * and TCPPROXYPORT. What was found out about the proxy, or granted to it, is unset: TCPREMOTEHOST,
 * TCPREMOTEINFO, TCPRULE and RELAYCLIENT. Exit 100: wrong usage. Exit 111: no header, a malformed
 * one, or the program cannot be run; then nothing is written to the network.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/number.h"
#include "rules/proxy_header.h"
#include "unix/chain.h"
#include "unix/connection.h"
#include "unix/deadline.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "[-t seconds] program [argument ...]"

/* Read what is there, at most so much, behind what there was. Ends the program on any trouble. */
static void read_more(struct text *bytes, size_t more, int64_t deadline)
{
	ssize_t count;

	if (!text_reserve(bytes, more))
		die(EXIT_TEMPORARY, "unable to read the PROXY header: out of memory");
	do {
		if (deadline_wait(STDIN_FILENO, POLLIN, deadline) == -1)
			die_errno(EXIT_TEMPORARY, "unable to read the PROXY header");
		count = file_read(STDIN_FILENO, bytes->bytes + bytes->length, more);
	} while (count == -1 && errno == EAGAIN);
	if (count == -1)
		die_errno(EXIT_TEMPORARY, "unable to read the PROXY header");
	if (count == 0)
		die(EXIT_TEMPORARY, "the connection ends before a whole PROXY header");
	bytes->length += (size_t)count;
}

static void read_header(struct proxy_header *header, int64_t deadline)
{
	struct text bytes, why;
	enum proxy_step step;
	size_t more;

	text_init(&bytes, PROXY_HEADER_LARGEST);
	text_init(&why, REPORT_LINE);
	while ((step = proxy_header_read(text_span(&bytes), &more, header, &why)) == PROXY_MORE)
		read_more(&bytes, more, deadline);
	if (step == PROXY_MALFORMED)
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	text_free(&bytes);
	text_free(&why);
}

static void move_variable(const char *from, const char *to)
{
	const char *value = environment_get(from);

	if (value)
		environment_set(to, value);
	else
		environment_unset(to);
}

/* The names of this end stay: they are the administrator's, or the address's that was connected to.
 */
static void describe(const struct proxy_header *header)
{
	const struct connection connection = {
		.local = header->local,
		.remote = header->remote,
		.local_port = header->local_port,
		.remote_port = header->remote_port,
	};
	const struct connection_names names = {environment_get("TCPLOCALHOST"), NULL, NULL};

	move_variable("TCPREMOTEIP", "TCPPROXYIP");
	move_variable("TCPREMOTEPORT", "TCPPROXYPORT");
	connection_describe(&connection, &names, connection_environment());
}

int main(int argc, char **argv)
{
	static const char *const granted[] = {
		"RELAYCLIENT",	  "TCPRULE",	    "TCPREMOTEHOST", "TCPREMOTEINFO",
		"TCP6REMOTEHOST", "TCP6REMOTEINFO", "TCPPROXYIP",    "TCPPROXYPORT",
	};
	uint32_t seconds = 5;
	struct proxy_header header;
	int letter;

	report_begin("proxy-env");
	chain_ignore_signals();
	while ((letter = options_next(argc, argv, "t:", USAGE)) != -1)
		if (!number_read(optarg, 1, 86400, &seconds))
			die_usage(USAGE, "-t wants 1 to 86400 seconds");
	if (argc - optind < 1)
		die_usage(USAGE, "a program is required");
	for (size_t index = 0; index < sizeof(granted) / sizeof(*granted); index++)
		environment_unset(granted[index]);
	read_header(&header, deadline_in((int64_t)seconds * 1000));
	if (header.has_addresses)
		describe(&header);
	chain_exec(argv + optind);
}
