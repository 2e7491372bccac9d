/*
 * relay-allow: note that a client signed in by POP or IMAP, then run the next program.
 *
 *     relay-allow [-v] directory program [argument ...]
 *
 * Reads TCPREMOTEIP, or where that is not set IP, which is what Dovecot's post-login scripts get.
 * The program is run whatever happens: trouble with the mark is a warning, a login never fails for
 * it. There is no mark while descriptor 3 holds a password that nobody has read. Exit 100: wrong
 * usage. Exit 111: program cannot be run.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/address.h"
#include "unix/chain.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/marks.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "[-v] directory program [argument ...]"

#define LONGEST_TIMESTAMP 11 /* bytes: seconds since 1970, and a NUL */

/* Where a checkpassword program reads from. Whoever is in front of it has seen no login yet.
 * Scripts may leave the timestamp; and callers use pipes, so that a file is something else. */
static bool is_password_unread(void)
{
	struct stat status;

	return fstat(3, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)) &&
	       (fcntl(3, F_GETFL) & O_ACCMODE) != O_WRONLY && file_unread(3) > LONGEST_TIMESTAMP;
}

static void open_window(const char *directory)
{
	const char *name = environment_get("TCPREMOTEIP") ? "TCPREMOTEIP" : "IP";
	const char *value = environment_get(name);
	char text[ADDRESS_TEXT];
	struct address client;

	if (is_password_unread()) {
		warn("no mark in %s: nobody has logged in yet: the password on descriptor 3 has "
		     "not been read",
		     directory);
		return;
	}
	if (!value) {
		warn("no mark in %s: neither TCPREMOTEIP nor IP is set", directory);
		return;
	}
	if (!address_read_client(span_of(value), &client)) {
		warn("no mark in %s: %s is not an IP address: %s", directory, name, value);
		return;
	}
	address_write(&client, text);
	if (marks_renew(directory, &client) == -1)
		warn_errno("no mark for %s in %s", text, directory);
	else
		info("%s may relay", text);
}

int main(int argc, char **argv)
{
	report_begin("relay-allow");
	chain_ignore_signals();
	while (options_next(argc, argv, "v", USAGE) != -1)
		report_more();
	if (argc - optind < 2)
		die_usage(USAGE, "directory and program are required");
	open_window(argv[optind]);
	chain_exec(argv + optind + 1);
}
