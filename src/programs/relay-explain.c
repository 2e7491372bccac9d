/*
 * relay-explain: tell why mail from a client to a recipient would be accepted or refused.
 *
 *     relay-explain [-x cdb] [-r rules] [-c controldir] [--json] [--helo]
 *                   ip[,name[,info]] [sender] recipient ...
 *
 * Asks the rules as tcpserver does, sets what they say in its own environment, and holds smtpd's
 * own session over smtpd's own files, with every question written down. Exit 0: all recipients are
 * accepted. Exit 1: some are refused. Exit 100: wrong usage. Exit 111: it cannot be told.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/page.h"
#include "explain/advice.h"
#include "explain/decision_page.h"
#include "explain/steps_page.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/line_reader.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE                                                                              \
	"[-x cdb] [-r rules] [-c controldir] [--json] [--helo] ip[,name[,info]] [sender] " \
	"recipient ..."

#define LONGEST_RECIPIENT 65536		     /* bytes */
#define LARGEST_OUTPUT	  (64 * 1024 * 1024) /* bytes, of what is said of one recipient */
#define OUTPUT_BLOCK	  65536		     /* bytes written at once */

static const struct options_word words[] = {
	{"json", 'j'},
	{"helo", 'h'},
	{NULL, 0},
};

struct explanation {
	const char *cdb, *rules; /* NULL: not given */
	bool is_json, says_helo;
	struct address address; /* the client's */
	char ip[ADDRESS_TEXT];
	struct decision decision;
	struct text out;
	struct page page;
	bool was_advised[REPLY_COUNT];
	size_t count, refused, unknown; /* recipients */
};

static void flush(struct explanation *explanation, size_t least)
{
	if (explanation->out.failed) {
		errno = ENOMEM;
		die_errno(EXIT_TEMPORARY, "unable to explain");
	}
	if (explanation->out.length < least)
		return;
	if (file_write(1, text_span(&explanation->out)) == -1)
		die_errno(EXIT_TEMPORARY, "unable to write to standard output");
	text_clear(&explanation->out);
}

/* --- the client --- */

/* Cut a word of "ip,name,info" off; the last one takes the commas that are left. */
static char *cut(char **rest, bool is_last)
{
	char *word = *rest, *comma = word && !is_last ? strchr(word, ',') : NULL;

	*rest = comma ? comma + 1 : NULL;
	if (comma)
		*comma = '\0';
	return word && *word ? word : NULL;
}

static struct match_client read_client(struct explanation *explanation, char *word)
{
	char *ip = cut(&word, false), *host = cut(&word, false), *info = cut(&word, true);

	if (!ip || !address_read_client(span_of(ip), &explanation->address))
		die_usage(USAGE, "the client is no IP address");
	for (char *byte = host; byte && *byte; byte++)
		*byte = byte_fold(*byte); /* as whoever looks names up does */
	address_write(&explanation->address, explanation->ip);
	return (struct match_client){explanation->ip, info, host};
}

/* --- what is said --- */

static void say_rules(struct explanation *explanation)
{
	if (explanation->is_json) {
		text_add_byte(&explanation->out, '{');
		decision_page_json(&explanation->out, &explanation->decision);
		json_name(&explanation->out, false, "recipients");
		text_add_byte(&explanation->out, '[');
	} else {
		decision_page(&explanation->page, &explanation->decision);
	}
	flush(explanation, OUTPUT_BLOCK);
}

static struct advice_about about(const struct explanation *explanation)
{
	return (struct advice_about){
		.client = explanation->address,
		.rules = explanation->rules,
		.cdb = explanation->cdb,
		.data = text_span(&explanation->decision.data),
		.key = explanation->decision.verdict == VERDICT_YES
			       ? text_span(&explanation->decision.match.key)
			       : (struct span){NULL, 0},
		.line = explanation->decision.number,
		.text = explanation->decision.line,
	};
}

static void say_denied(struct explanation *explanation, struct span recipient)
{
	struct advice_about what = about(explanation);
	struct text advice;

	text_init(&advice, LARGEST_OUTPUT);
	if (explanation->count == 1)
		advice_write_denied(&what, &advice);
	if (explanation->is_json) {
		text_add_byte(&explanation->out, '{');
		json_member(&explanation->out, true, "recipient", recipient);
		json_member(&explanation->out, false, "result", SPAN("refused"));
		json_member(&explanation->out, false, "reply", (struct span){NULL, 0});
		json_member(&explanation->out, false, "decided_by", SPAN("deny"));
		json_name(&explanation->out, false, "advice");
		steps_page_advice_json(&explanation->out, text_span(&advice));
		text_add_byte(&explanation->out, '}');
	} else {
		text_add_byte(&explanation->out, '\n');
		page_write(&explanation->page, PAGE_BAD, "recipient", 18, recipient);
		page_write(&explanation->page, PAGE_BAD, "  refused:", 18,
			   SPAN("with the connection, and without a reply"));
		steps_page_advice(&explanation->page, text_span(&advice));
	}
	text_free(&advice);
	explanation->refused++;
}

/* Advice is given once for each kind of refusal: a long list would bury it. */
static void say_recipient(struct explanation *explanation, struct steps *steps,
			  struct span recipient)
{
	const struct trial *trial = steps->trial;
	struct advice_about what = about(explanation);
	struct text advice;

	text_init(&advice, LARGEST_OUTPUT);
	if (!explanation->was_advised[trial->said])
		advice_write(trial, &what, &advice);
	explanation->was_advised[trial->said] |= advice.length > 0;
	if (explanation->is_json)
		steps_page_json(&explanation->out, steps, recipient, text_span(&advice));
	else
		steps_page(&explanation->page, steps, recipient, text_span(&advice));
	text_free(&advice);
	switch (trial_verdict(trial)) {
	case VERDICT_YES: break;
	case VERDICT_NO: explanation->refused++; break;
	case VERDICT_LATER: explanation->unknown++; break;
	}
}

/* --- the recipients --- */

static void try_recipient(struct explanation *explanation, struct steps *steps, struct span sender,
			  struct span recipient)
{
	if (explanation->count++ && explanation->is_json)
		text_add_string(&explanation->out, ",\n");
	if (explanation->decision.is_denied) {
		say_denied(explanation, recipient);
	} else {
		trial_hold(steps->trial, explanation->says_helo, sender, recipient);
		steps_tell(steps);
		if (steps->failed || steps->trial->failed)
			die(EXIT_TEMPORARY, "out of memory");
		say_recipient(explanation, steps, recipient);
	}
	flush(explanation, OUTPUT_BLOCK);
}

static void try_input(struct explanation *explanation, struct steps *steps, struct span sender)
{
	struct line_reader reader;
	struct span line;
	int result;

	if (line_reader_init(&reader, 0, LONGEST_RECIPIENT) == -1)
		die_errno(EXIT_TEMPORARY, "unable to read the recipients");
	while ((result = line_reader_next(&reader, &line)) == 1) {
		if (line.length && line.bytes[line.length - 1] == '\r')
			line.length--;
		if (line.length)
			try_recipient(explanation, steps, sender, line);
	}
	if (result == -1)
		die_errno(EXIT_TEMPORARY, "unable to read the recipients");
	line_reader_free(&reader);
}

static void try_all(struct explanation *explanation, char **argv, int argc)
{
	/* Of two addresses and more, the first is the sender's. */
	struct span sender = span_of(argc > 1 ? *argv++ : "<>");
	struct settings settings;
	struct trial trial;
	const struct decision *decision = &explanation->decision;
	struct steps_rule rule = {text_span(&decision->data),
				  decision->number ? decision->text : decision->cdb,
				  decision->number};
	struct steps steps;
	struct text why;

	text_init(&why, 2 * REPORT_LINE);
	if (!explanation->decision.is_denied && !settings_read(&settings, false, &why))
		die(EXIT_TEMPORARY, "smtpd would say 421 unable to read controls (#4.3.0): %s",
		    text_string(&why));
	trial_init(&trial, &settings);
	steps_init(&steps, &trial, &rule);
	for (; *argv; argv++)
		if (strcmp(*argv, "-") == 0)
			try_input(explanation, &steps, sender);
		else
			try_recipient(explanation, &steps, sender, span_of(*argv));
	steps_free(&steps);
	trial_free(&trial);
	if (!explanation->decision.is_denied)
		settings_free(&settings);
	text_free(&why);
}

static void finish(struct explanation *explanation)
{
	if (explanation->is_json) {
		text_add_string(&explanation->out, "]");
		json_member(&explanation->out, false, "result",
			    explanation->unknown   ? SPAN("unknown")
			    : explanation->refused ? SPAN("refused")
						   : SPAN("accepted"));
		text_add_string(&explanation->out, "}\n");
	}
	flush(explanation, 0);
	decision_free(&explanation->decision);
	text_free(&explanation->out);
}

static void read_options(struct explanation *explanation, int argc, char **argv)
{
	int letter;

	while ((letter = options_next_word(argc, argv, "x:r:c:", words, USAGE)) != -1) {
		switch (letter) {
		case 'x': explanation->cdb = optarg; break;
		case 'r': explanation->rules = optarg; break;
		case 'c': environment_set("CONTROLDIR", optarg); break;
		case 'j': explanation->is_json = true; break;
		case 'h': explanation->says_helo = true; break;
		}
	}
	if (argc - optind < 2)
		die_usage(USAGE, "a client and a recipient are required");
	for (int index = optind + 1; index < argc; index++)
		if (strchr(argv[index], '\n'))
			die_usage(USAGE, "there can be no line feed in an address");
}

static void begin(struct explanation *explanation)
{
	const char *no_colour = environment_get("NO_COLOR");

	text_init(&explanation->out, LARGEST_OUTPUT);
	explanation->page =
		(struct page){&explanation->out, isatty(1) && !(no_colour && *no_colour)};
}

static void decide(struct explanation *explanation, const struct match_client *client)
{
	struct decision *decision = &explanation->decision;
	struct text why;

	text_init(&why, 2 * REPORT_LINE);
	decision_init(decision, explanation->cdb, explanation->rules, client);
	if (!decision_make(decision, &why))
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	decision_set_environment(decision);
	text_free(&why);
}

int main(int argc, char **argv)
{
	struct explanation explanation = {.is_json = false};
	struct match_client client;

	report_begin("relay-explain");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to be told of */
	read_options(&explanation, argc, argv);
	client = read_client(&explanation, argv[optind]);
	begin(&explanation);
	decide(&explanation, &client);
	say_rules(&explanation);
	try_all(&explanation, argv + optind + 1, argc - optind - 1);
	finish(&explanation);
	if (explanation.unknown)
		return EXIT_TEMPORARY;
	return explanation.refused ? 1 : 0;
}
