/*
 * tcprulescheck: say what compiled rules decide for a client.
 *
 *     tcprulescheck cdb [ip [info [host]]]
 *
 * Prints the address of the rule that matches, the variables that it sets, and whether the
 * connection is allowed. What is not given is TCPREMOTEIP (0.0.0.0 when it is not set),
 * TCPREMOTEINFO and TCPREMOTEHOST. Exit 0, whatever the decision. Exit 100: wrong usage. Exit 111:
 * the rules cannot be read.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/item.h"
#include "rules/match.h"
#include "unix/cdb_file.h"
#include "unix/environment.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "cdb [ip [info [host]]]"

#define LONGEST_KEY (2 * MATCH_LONGEST + 2) /* bytes */

static void print(struct span bytes)
{
	if (bytes.length)
		fwrite(bytes.bytes, 1, bytes.length, stdout);
}

static void print_decision(struct span data)
{
	struct span item;

	while (item_next(&data, &item)) {
		if (span_byte(item, 0) == 'D') {
			puts("deny connection");
			return;
		}
		if (span_byte(item, 0) == '+') {
			fputs("set environment variable ", stdout);
			print(span_tail(item, 1));
			putchar('\n');
		}
	}
	puts("allow connection");
}

int main(int argc, char **argv)
{
	struct match_client client = {"0.0.0.0", NULL, NULL};
	struct cdb_file rules = {.is_open = false};
	struct lookup lookup = cdb_file_lookup(&rules);
	struct match match = {.data = {NULL, 0}};
	enum verdict verdict;
	int words;

	report_begin("tcprulescheck");
	while (options_next(argc, argv, "", USAGE) != -1)
		;
	words = argc - optind;
	argv += optind;
	if (words < 1 || words > 4)
		die_usage(USAGE, words < 1 ? "cdb is required" : "too many words");
	if (words > 1 || environment_get("TCPREMOTEIP"))
		client.ip = words > 1 ? argv[1] : environment_get("TCPREMOTEIP");
	client.info = words > 2 ? argv[2] : environment_get("TCPREMOTEINFO");
	client.host = words > 3 ? argv[3] : environment_get("TCPREMOTEHOST");

	if (cdb_file_open(&rules, argv[0]) == -1)
		die(EXIT_TEMPORARY, "unable to read %s: %s", argv[0], cdb_file_reason(errno));
	text_init(&match.key, LONGEST_KEY);
	if (!text_reserve(&match.key, LONGEST_KEY)) /* that would look like other trouble later */
		die(EXIT_TEMPORARY, "out of memory");
	verdict = match_find(&lookup, &client, &match);
	if (verdict == VERDICT_LATER)
		die(EXIT_TEMPORARY,
		    "unable to read %s: it is damaged, or the client's names are too long",
		    argv[0]);
	if (!cdb_file_is_unchanged(&rules))
		die(EXIT_TEMPORARY, "unable to read %s: it was written over", argv[0]);
	if (verdict == VERDICT_NO) {
		puts("default:");
		match.data = (struct span){NULL, 0};
	} else {
		fputs("rule ", stdout);
		print(text_span(&match.key));
		puts(":");
	}
	print_decision(match.data);
	if (ferror(stdout) || fflush(stdout) != 0)
		die_errno(EXIT_TEMPORARY, "unable to write to standard output");
	text_free(&match.key);
	cdb_file_close(&rules);
	return 0;
}
