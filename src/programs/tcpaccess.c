/*
 * tcpaccess: ask the rules about the client in the environment, and run a program if he may come
 * in.
 *
 *     tcpaccess [-vqX] [-x rules.cdb] [-hHpPrR] [-t seconds] [-l localname] program [argument ...]
 *
 * Reads TCPREMOTEIP, and TCPREMOTEHOST and TCPREMOTEINFO where they are set. With -h, -p or -r it
 * looks these two up first. Sets TCPRULE and what the rule says. Exit 0: denied. Exit 100: wrong
 * usage or environment. Exit 111: the rules cannot be read, or the program cannot be run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/item.h"
#include "rules/match.h"
#include "unix/cdb_file.h"
#include "unix/chain.h"
#include "unix/environment.h"
#include "unix/names.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/spawn.h"

#define USAGE	"[-vqX] [-x rules.cdb] [-hHpPrR] [-t seconds] [-l localname] program [argument ...]"
#define LETTERS "qvXx:" NAMES_LETTERS

#define UNREADABLE "dropping connection, unable to read %s: %s"

struct options {
	const char *rules; /* NULL: only look up names */
	bool may_lack_rules, is_quiet;
	struct names_wanted names;
};

struct question {
	struct match_client client;
	struct match match;
};

static enum verdict find_rule(void *world, const struct lookup *lookup)
{
	struct question *question = world;

	return match_find(lookup, &question->client, &question->match);
}

static void look_up(const struct connection *connection, const struct names_wanted *wanted)
{
	struct connection_sink sink = connection_environment();
	struct names names;

	names_find(connection, wanted, &names);
	if (wanted->remote_host)
		connection_describe_name(connection, "REMOTEHOST", names.known.remote_host, sink);
	if (wanted->remote_info)
		connection_describe_name(connection, "REMOTEINFO", names.known.remote_info, sink);
	if (wanted->remote_host || wanted->local_host)
		connection_describe_name(connection, "LOCALHOST", names.known.local_host, sink);
	names_free(&names);
}

static bool is_for_tcpserver(void)
{
	return strcmp(report_program(), "tcpserver") == 0;
}

/* The traditional line, with the names as they are before the rule's variables. */
static void say(const struct connection *connection, const char *verdict)
{
	const struct connection_names names = {environment_get("TCPLOCALHOST"),
					       environment_get("TCPREMOTEHOST"),
					       environment_get("TCPREMOTEINFO")};
	struct text line;

	text_init(&line, REPORT_LINE);
	connection_write(connection, &names, &line);
	report_plain("%s %d %s", verdict, (int)getpid(), text_string(&line));
	text_free(&line);
}

/* Ends the program unless the client may come in. */
static void judge(const struct options *options, const struct connection *connection)
{
	struct cdb_file file = {.is_open = false};
	struct question question = {.client = {environment_get("TCPREMOTEIP"),
					       environment_get("TCPREMOTEINFO"),
					       environment_get("TCPREMOTEHOST")}};
	enum verdict verdict = VERDICT_NO;

	text_init(&question.match.key, REPORT_LINE);
	if (options->rules) {
		environment_unset("TCPRULE");
		verdict = cdb_file_ask(&file, options->rules, find_rule, &question);
	}
	if (verdict == VERDICT_LATER && !(errno == ENOENT && options->may_lack_rules)) {
		if (!is_for_tcpserver()) /* which does not end by that, and may be told to be quiet
					  */
			die(EXIT_TEMPORARY, UNREADABLE, options->rules, cdb_file_reason(errno));
		warn(UNREADABLE, options->rules, cdb_file_reason(errno));
		exit(EXIT_TEMPORARY);
	}
	if (verdict == VERDICT_YES && item_denies(question.match.data)) {
		/* Where nobody else tells who was turned away, that is said without -v, too. */
		if (!is_for_tcpserver() && !options->is_quiet)
			report_more();
		say(connection, "deny");
		exit(is_for_tcpserver() ? EXIT_PERMANENT : 0);
	}
	say(connection, "ok");
	if (verdict == VERDICT_YES) {
		environment_set("TCPRULE", text_string(&question.match.key));
		environment_set_items(question.match.data);
	}
	cdb_file_close(&file);
	text_free(&question.match.key);
}

/* tcpserver calls this program by its own name: what it writes then is a part of tcpserver's log.
 */
static const char *name_of(const char *called)
{
	return called && strcmp(called, "tcpserver") == 0 ? "tcpserver" : "tcpaccess";
}

int main(int argc, char **argv)
{
	struct options options = {.names = NAMES_WANTED_NONE};
	struct connection connection;
	struct text path;
	const char *reason;
	int letter, trouble;

	report_begin(name_of(argv[0]));
	chain_ignore_signals();
	while ((letter = options_next(argc, argv, LETTERS, USAGE)) != -1) {
		switch (letter) {
		case 'q': report_less(), options.is_quiet = true; break;
		case 'v': report_more(), options.is_quiet = false; break;
		case 'X': options.may_lack_rules = true; break;
		case 'x': options.rules = optarg; break;
		default:
			reason = names_wanted_option(&options.names, letter, optarg);
			if (reason)
				die_usage(USAGE, reason);
		}
	}
	if (argc - optind < 1)
		die_usage(USAGE, "a program is required");
	if (options.names.is_paranoid && !options.names.is_remote_host_said)
		options.names.remote_host = true;
	if (!connection_of_environment(&connection))
		die(EXIT_PERMANENT, "TCPREMOTEIP is not set to an IP address");
	text_init(&path, REPORT_LINE);
	trouble = spawn_find(argv[optind], &path) == -1 ? errno : 0;
	look_up(&connection, &options.names);
	judge(&options, &connection);
	errno = trouble;
	if (!trouble)
		chain_exec_found(&path, argv + optind);
	if (!is_for_tcpserver())
		die_errno(EXIT_TEMPORARY, "unable to run %s", argv[optind]);
	/* In its words, which it may be told to leave out. */
	warn_errno("dropping connection, unable to run %s", argv[optind]);
	exit(EXIT_TEMPORARY);
}
