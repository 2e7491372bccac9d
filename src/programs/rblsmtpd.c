/*
 * rblsmtpd: ask lists in the DNS about the client, and run a program unless he is listed.
 *
 *     rblsmtpd [-bBcC] [-t seconds] [-r base[:words]] [-a base] ... program [argument ...]
 *
 * Reads RBLSMTPD, RELAYCLIENT and TCPREMOTEIP. A client that is refused is told so in an SMTP
 * dialogue of -t (default 60) seconds at most, and program is not run. Exit 0: refused. Exit 100:
 * wrong usage or environment. Exit 111: program cannot be run.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/number.h"
#include "host/client.h"
#include "rules/blocklist.h"
#include "smtp/refusal.h"
#include "unix/chain.h"
#include "unix/deadline.h"
#include "unix/dns.h"
#include "unix/environment.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE	    "[-bBcC] [-t seconds] [-r base[:words]] [-a base] ... program [argument ...]"
#define DNS_TIME    10	/* seconds for all lists together */
#define READ_SIZE   512 /* bytes; what they make the dialogue say is bounded with them */
#define SAY_AT_MOST (256 * 1024)

struct options {
	struct blocklist *lists;
	size_t count;
	uint32_t seconds;
};

/* What is asked about a list. */
struct questions {
	struct dns_records addresses, text;
};

static void read_options(int argc, char **argv, struct options *options)
{
	bool is_permanent = false, fails_closed = false;
	struct blocklist *list;
	int letter;

	*options = (struct options){.seconds = 60,
				    .lists = calloc((size_t)argc, sizeof(*options->lists))};
	if (!options->lists)
		die_errno(EXIT_TEMPORARY, "unable to begin");
	while ((letter = options_next(argc, argv, "bBcCt:r:a:", USAGE)) != -1) {
		switch (letter) {
		case 'b': is_permanent = true; break;
		case 'B': is_permanent = false; break;
		case 'c': fails_closed = true; break;
		case 'C': fails_closed = false; break;
		case 't':
			if (!number_read(optarg, 0, 86400, &options->seconds))
				die_usage(USAGE, "-t wants 0 to 86400 seconds");
			break;
		default:
			list = &options->lists[options->count++];
			if (!blocklist_init(list, span_of(optarg)))
				die_usage(USAGE, letter == 'a' ? "-a wants a domain"
							       : "-r wants a domain");
			list->is_allowing = letter == 'a';
			list->is_permanent = is_permanent;
			list->fails_closed = fails_closed;
		}
	}
	if (argc - optind < 1)
		die_usage(USAGE, "a program is required");
}

/* NULL when nothing can be looked up. */
static struct dns *begin_dns(void)
{
	struct text why;
	struct dns *dns;

	text_init(&why, REPORT_LINE);
	dns = dns_new(&why);
	if (!dns)
		warn("unable to ask lists: %s", text_string(&why));
	text_free(&why);
	return dns;
}

static void ask(struct dns *dns, const struct blocklist *list, const struct address *client,
		struct questions *questions)
{
	struct text name;

	text_init(&name, REPORT_LINE);
	blocklist_write_name(list, client, &name);
	dns_ask_addresses(dns, &questions->addresses, text_string(&name));
	if (blocklist_wants_text(list))
		dns_ask_text(dns, &questions->text, text_string(&name));
	text_free(&name);
}

/* Pass on an answer that has come, once; with is_over, that none has. */
static void hear(struct blocklist *list, const struct questions *questions, bool is_over)
{
	const struct dns_records *addresses = &questions->addresses, *text = &questions->text;

	if (!list->address.is_there && (addresses->is_there || is_over))
		blocklist_take_addresses(list, addresses->verdict, addresses->addresses,
					 addresses->count);
	if (!list->text.is_there && (text->is_there || is_over))
		blocklist_take_text(list, text->verdict, text_span(&text->text));
}

/* What to tell of lists, whether they decided or not. */
static void report(const struct options *options, const char *client)
{
	char answer[ADDRESS_TEXT];

	for (size_t index = 0; index < options->count; index++) {
		const struct blocklist *list = &options->lists[index];
		bool has_failed = list->address.is_there && list->address.verdict == VERDICT_LATER;

		has_failed = has_failed || (blocklist_wants_text(list) && list->text.is_there &&
					    list->text.verdict == VERDICT_LATER);
		address_write(&list->broken_answer, answer);
		if (list->is_broken)
			warn("list broken, taken as not listed: %.*s answers %s about %s",
			     (int)list->base.length, list->base.bytes, answer, client);
		else if (has_failed)
			warn("unable to ask %.*s about %s", (int)list->base.length,
			     list->base.bytes, client);
	}
}

static enum blocklist_step look_up(const struct options *options, const struct address *client,
				   struct text *reason)
{
	uint32_t seconds =
		options->seconds && options->seconds < DNS_TIME ? options->seconds : DNS_TIME;
	int64_t deadline = deadline_in((int64_t)seconds * 1000);
	struct questions *questions = calloc(options->count, sizeof(*questions));
	enum blocklist_step step = BLOCKLIST_WAIT;
	struct dns *dns = begin_dns();
	struct pollfd polls[DNS_POLLS];

	if (!questions)
		die_errno(EXIT_TEMPORARY, "unable to ask lists");
	for (size_t index = 0; index < options->count; index++) {
		questions[index].addresses.verdict = questions[index].text.verdict = VERDICT_LATER;
		if (dns)
			ask(dns, &options->lists[index], client, &questions[index]);
	}
	while (step == BLOCKLIST_WAIT) {
		int timeout = deadline_left(deadline);
		bool is_over = timeout == 0 || !dns || !dns_is_waiting(dns);

		for (size_t index = 0; index < options->count; index++)
			hear(&options->lists[index], &questions[index], is_over);
		step = blocklist_decide(options->lists, options->count, client, reason);
		if (step == BLOCKLIST_WAIT) {
			size_t count = dns_polls(dns, polls, &timeout);

			if (poll(polls, count, timeout) >= 0)
				dns_continue(dns, polls, count);
		}
	}
	dns_free(dns);
	for (size_t index = 0; index < options->count; index++)
		text_free(&questions[index].text.text);
	free(questions);
	return step;
}

static void talk(const char *code, struct span reason, uint32_t seconds)
{
	int64_t deadline = deadline_in((int64_t)seconds * 1000);
	struct refusal refusal;
	struct client client;
	struct text replies;
	char bytes[READ_SIZE];
	bool goes_on = true;

	client_init(&client, STDIN_FILENO, STDOUT_FILENO);
	text_init(&replies, SAY_AT_MOST);
	refusal_init(&refusal, code, reason, &replies);
	while (goes_on) {
		uint64_t waited;
		size_t count = 0;

		client.say_seconds = (uint32_t)deadline_left(deadline) / 1000 + 1;
		client_say(&client, text_span(&replies));
		client_flush(&client);
		text_clear(&replies);
		switch (client_read(&client, bytes, sizeof(bytes),
				    (uint64_t)deadline_left(deadline), &count, &waited)) {
		case CLIENT_BYTES:
			goes_on = refusal_feed(&refusal, (struct span){bytes, count}, &replies);
			break;
		case CLIENT_SLOW:
		case CLIENT_STOP:
			refusal_end(&replies);
			goes_on = false;
			break;
		case CLIENT_END: goes_on = false; break;
		}
		if (client.is_gone || replies.failed)
			goes_on = false;
	}
	client.say_seconds = 1;
	client_say(&client, text_span(&replies));
	client_hang_up(&client);
	text_free(&replies);
}

/* The line, and nothing else. */
static void tell(const char *code, struct span reason)
{
	struct client client;

	client_init(&client, STDIN_FILENO, STDOUT_FILENO);
	client.say_seconds = 1;
	client_say(&client, span_of(code));
	client_say(&client, SPAN(" "));
	client_say(&client, reason);
	client_say(&client, SPAN("\r\n"));
	client_hang_up(&client);
}

/* What RBLSMTPD says, else the lists. */
static enum blocklist_step judge(const struct options *options, const struct address *address,
				 const char *client, struct text *reason)
{
	const char *words = environment_get("RBLSMTPD");
	enum blocklist_step step;

	if (words && *words) {
		bool is_permanent = *words == '-';

		blocklist_write_reason(span_of(words + is_permanent), reason);
		return is_permanent ? BLOCKLIST_REFUSE : BLOCKLIST_REFUSE_NOW;
	}
	if (words || environment_get("RELAYCLIENT") || options->count == 0)
		return BLOCKLIST_PASS;
	if (address->version == 0)
		die(EXIT_PERMANENT, "TCPREMOTEIP is not set to an IP address");
	step = look_up(options, address, reason);
	report(options, client);
	return step;
}

int main(int argc, char **argv)
{
	const char *client = environment_get("TCPREMOTEIP"), *code;
	enum blocklist_step step;
	struct address address = {.version = 0};
	char ip[ADDRESS_TEXT];
	struct options options;
	struct text reason;

	report_begin("rblsmtpd");
	chain_ignore_signals();
	read_options(argc, argv, &options);
	text_init(&reason, BLOCKLIST_TEXT);
	if (client && address_read_client(span_of(client), &address)) {
		address_write(&address, ip);
		client = ip;
	}
	step = judge(&options, &address, client, &reason);
	if (step == BLOCKLIST_PASS)
		chain_exec(argv + optind);
	code = step == BLOCKLIST_REFUSE ? "553" : "451";
	report_more();
	report_plain("%s pid %d: %s %s", client ? client : "unknown", (int)getpid(), code,
		     text_string(&reason));
	if (options.seconds)
		talk(code, text_span(&reason), options.seconds);
	else
		tell(code, text_span(&reason));
	for (size_t index = 0; index < options.count; index++)
		blocklist_free(&options.lists[index]);
	free(options.lists);
	text_free(&reason);
	return 0;
}
