/*
 * tcpserver: wait for TCP connections and run a program for each that the rules let in.
 *
 *     tcpserver [options] host port program [argument ...]
 *
 * One process accepts and asks the rules; whoever they deny costs no process. The program gets the
 * connection as descriptors 0 and 1, the log as 2, and the variables of tcp-environ(5). What has to
 * wait for the network (-h, -p, -r) is done by tcpaccess in the child, before the rules. Exit 0:
 * told to end by SIGTERM. Exit 100: wrong usage. Exit 111: unable to listen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/item.h"
#include "base/number.h"
#include "rules/match.h"
#include "unix/cdb_file.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"
#include "unix/launcher.h"
#include "unix/names_wanted.h"
#include "unix/options.h"
#include "unix/privileges.h"
#include "unix/report.h"
#include "unix/spawn.h"

#define USAGE                                                                            \
	"[-1UXpPhHrRoOdDqQv] [-c limit] [-C limit] [-x rules.cdb] [-B banner] [-g gid] " \
	"[-u uid] [-b backlog] [-l localname] [-t seconds] host port program [argument ...]"
#define LETTERS "1b:B:c:C:dDg:oOqQu:UvXx:" NAMES_LETTERS

#define MOST_CHILDREN 1000000

struct options {
	uint32_t limit, limit_of_client, backlog, user, group;
	const char *rules; /* NULL: everybody is let in */
	const char *banner;
	bool may_lack_rules, must_print_port, may_keep_ip_options, must_not_delay;
	bool is_verbose, is_quiet;
	struct names_wanted names;
};

/* --- the rules --- */

struct rules {
	const struct options *options;
	struct cdb_file file;
	struct match_client client; /* that is being decided on */
	struct match match;
	bool has_rule;
};

static enum verdict find_rule(void *world, const struct lookup *lookup)
{
	struct rules *rules = world;

	return match_find(lookup, &rules->client, &rules->match);
}

static enum verdict judge(void *world, const struct address *client)
{
	struct rules *rules = world;
	const struct options *options = rules->options;
	char ip[ADDRESS_TEXT];
	enum verdict verdict = VERDICT_NO;

	address_write(client, ip);
	rules->client = (struct match_client){.ip = ip};
	if (options->rules)
		verdict = cdb_file_ask(&rules->file, options->rules, find_rule, rules);
	rules->has_rule = verdict == VERDICT_YES;
	if (verdict == VERDICT_YES)
		return item_denies(rules->match.data) ? VERDICT_NO : VERDICT_YES;
	if (verdict == VERDICT_NO || (errno == ENOENT && options->may_lack_rules))
		return VERDICT_YES;
	return VERDICT_LATER;
}

static void grant(void *world, struct variables *variables)
{
	struct rules *rules = world;

	if (!rules->has_rule)
		return;
	variables_set(variables, "TCPRULE", text_string(&rules->match.key));
	variables_set_items(variables, rules->match.data);
}

/* --- before the first connection --- */

static uint32_t number(const char *value, uint32_t least, uint32_t most, const char *reason)
{
	uint32_t read = 0;

	if (!number_read(value, least, most, &read))
		die_usage(USAGE, reason);
	return read;
}

static uint32_t identity(const char *variable)
{
	const char *value = environment_get(variable);

	return value ? number(value, 0, INT32_MAX, "-U wants numbers in UID and GID") : 0;
}

static void take_option(struct options *options, int letter, const char *value)
{
	const char *reason;

	switch (letter) {
	case '1': options->must_print_port = true; break;
	case 'b': options->backlog = number(value, 0, INT32_MAX, "-b wants a number"); break;
	case 'B': options->banner = value; break;
	case 'c': options->limit = number(value, 1, MOST_CHILDREN, "-c wants 1 to 1000000"); break;
	case 'C':
		options->limit_of_client = number(value, 1, MOST_CHILDREN, "-C wants 1 to 1000000");
		break;
	case 'd': options->must_not_delay = false; break;
	case 'D': options->must_not_delay = true; break;
	case 'g': options->group = number(value, 0, INT32_MAX, "-g wants a number"); break;
	case 'o': options->may_keep_ip_options = true; break;
	case 'O': options->may_keep_ip_options = false; break;
	case 'q': options->is_quiet = true, options->is_verbose = false; break;
	case 'Q': options->is_quiet = false, options->is_verbose = false; break;
	case 'u': options->user = number(value, 0, INT32_MAX, "-u wants a number"); break;
	case 'U':
		options->group = identity("GID");
		options->user = identity("UID");
		break;
	case 'v': options->is_verbose = true, options->is_quiet = false; break;
	case 'x': options->rules = value; break;
	case 'X': options->may_lack_rules = true; break;
	default:
		reason = names_wanted_option(&options->names, letter, value);
		if (reason)
			die_usage(USAGE, reason);
	}
}

struct hand_over {
	char path[4096], seconds[16];
	char **arguments; /* of tcpaccess; free it */
};

/* Let tcpaccess look up names, judge by the rules and become the program. Its first argument is our
 * name, under which it writes to the log. */
static void hand_over(struct hand_over *hand_over, const struct options *options,
		      struct launcher *launcher)
{
	const struct names_wanted *names = &options->names;
	const char *words[] = {
		"tcpserver",
		options->is_verbose ? "-v" : NULL,
		options->is_quiet ? "-q" : NULL,
		options->may_lack_rules ? "-X" : NULL,
		options->rules ? "-x" : NULL,
		options->rules,
		names->remote_host ? "-h" : NULL,
		names->remote_host && names->is_paranoid ? "-p" : NULL,
		names->remote_info ? "-r" : NULL,
		names->local_host ? "-l" : NULL,
		names->local_host,
		"-t",
		hand_over->seconds,
		"--",
	};
	size_t most = sizeof(words) / sizeof(*words), length = 0, count = 0;

	snprintf(hand_over->seconds, sizeof(hand_over->seconds), "%u", names->timeout_seconds);
	home_program("tcpaccess", hand_over->path, sizeof(hand_over->path));
	while (launcher->program[length])
		length++;
	hand_over->arguments = malloc((most + length + 1) * sizeof(char *));
	if (!hand_over->arguments)
		die_errno(EXIT_TEMPORARY, "unable to start");
	for (size_t index = 0; index < most; index++)
		if (words[index])
			hand_over->arguments[count++] = (char *)words[index];
	memcpy(hand_over->arguments + count, launcher->program, (length + 1) * sizeof(char *));
	launcher->file = hand_over->path;
	launcher->program = hand_over->arguments;
	launcher->policy.judge = NULL;
}

static void print_port(uint16_t port)
{
	char line[16];
	int length = snprintf(line, sizeof(line), "%u\n", (unsigned)port);

	if (file_write(STDOUT_FILENO, (struct span){line, (size_t)length}) == -1)
		die_errno(EXIT_TEMPORARY, "unable to print the port");
}

/* Whoever reads what was printed shall see its end, and no connection shall get a standard number.
 */
static void close_standard(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		die_errno(EXIT_TEMPORARY, "unable to open /dev/null");
	close(null);
}

static void listen_to(struct listeners *listeners, const struct options *options, const char *host,
		      const char *port)
{
	bool must_inherit = strcmp(host, "-") == 0;
	struct text why;
	int result;

	if (must_inherit && strcmp(port, "-") != 0)
		die_usage(USAGE, "with host - the port is - too");
	text_init(&why, REPORT_LINE);
	result = must_inherit ? listeners_inherit(listeners, &why)
			      : listeners_open(listeners, host, port, (int)options->backlog, &why);
	if (result == -1)
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	text_free(&why);
	if (options->must_not_delay && listeners_set_nodelay(listeners) == -1)
		die_errno(EXIT_TEMPORARY, "unable to set TCP_NODELAY");
}

static void prepare_variables(struct variables *variables)
{
	const char *const *const lists[] = {connection_variables, connection_former_variables,
					    listeners_variables};

	if (variables_init(variables, environ) == -1)
		die_errno(EXIT_TEMPORARY, "unable to start");
	for (size_t list = 0; list < sizeof(lists) / sizeof(*lists); list++)
		for (size_t index = 0; lists[list][index]; index++)
			variables_drop(variables, lists[list][index]);
}

static void read_options(struct options *options, int argc, char **argv)
{
	int letter;

	*options = (struct options){.limit = 40, .backlog = 20, .names = NAMES_WANTED_NONE};
	options->names.remote_host = true;
	while ((letter = options_next(argc, argv, LETTERS, USAGE)) != -1)
		take_option(options, letter, optarg);
	if (argc - optind < 3)
		die_usage(USAGE, "host, port and program are required");
	if (options->is_quiet)
		report_less();
	if (options->is_verbose)
		report_more();
}

int main(int argc, char **argv)
{
	struct options options;
	struct rules rules = {.options = &options};
	struct hand_over by_tcpaccess = {.arguments = NULL};
	struct launcher launcher;
	struct listeners listeners;
	struct variables variables;

	report_begin("tcpserver");
	spawn_prepare();
	launcher_prepare_signals();
	read_options(&options, argc, argv);
	listen_to(&listeners, &options, argv[optind], argv[optind + 1]);
	if (privileges_change(options.user, options.group) == -1)
		die_errno(EXIT_TEMPORARY, "unable to change user or group");
	if (options.must_print_port)
		print_port(listeners.listener[0].port);
	close_standard();
	prepare_variables(&variables);
	text_init(&rules.match.key, REPORT_LINE);
	launcher = (struct launcher){
		.listeners = &listeners,
		.limit = options.limit,
		.limit_of_client = options.limit_of_client,
		.banner = options.banner,
		.local_host = options.names.local_host,
		.must_kill_ip_options = !options.may_keep_ip_options,
		.is_verbose = options.is_verbose,
		.file = argv[optind + 2],
		.program = argv + optind + 2,
		.policy = {&rules, options.rules, judge, grant},
	};
	if (options.names.remote_host || options.names.remote_info)
		hand_over(&by_tcpaccess, &options, &launcher);
	if (launcher_run(&launcher, &variables) == -1)
		die_errno(EXIT_TEMPORARY, "unable to start");
	free(by_tcpaccess.arguments);
	variables_free(&variables);
	cdb_file_close(&rules.file);
	text_free(&rules.match.key);
	return 0;
}
