#include "explain/audit_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "explain/network.h"
#include "rules/match.h"
#include "rules/prefix.h"
#include "rules/rule.h"
#include "unix/cdb_file.h"
#include "unix/environment.h"
#include "unix/line_reader.h"
#include "unix/reason.h"

#define LARGEST_DATA (1024 * 1024) /* bytes */

struct rules {
	struct findings *findings;
	struct audit_classes *classes;
	const char *file;
	bool failed; /* memory was short */
};

static bool sets(struct span data, const char *name, struct span *value)
{
	struct span variable;
	bool is_set = false;

	while (environment_next_item(&data, &variable))
		if (span_starts(variable, span_of(name)) &&
		    span_byte(variable, strlen(name)) == '=') {
			*value = span_tail(variable, strlen(name) + 1);
			is_set = true;
		}
	return is_set;
}

static void find(struct rules *rules, enum finding_grade grade, const char *kind, uint64_t line,
		 struct span key, const char *what, const char *why, const char *remedy)
{
	struct text words;

	text_init(&words, LARGEST_DATA);
	text_add_string(&words, what);
	if (key.length) {
		text_add_string(&words, " (");
		text_add(&words, key);
		text_add_byte(&words, ')');
	}
	findings_add(rules->findings, &(struct finding){grade, kind, rules->file, line,
							text_span(&words), why, remedy});
	rules->failed |= words.failed;
	text_free(&words);
}

/* --- a rule that lets relay --- */

static void judge_names(struct rules *rules, const struct network *network, struct span key,
			uint64_t line)
{
	if (network->kind == NETWORK_NAMES && span_equal(key, SPAN("=")))
		find(rules, FINDING_ERROR, "relayclient-everybody", line, key,
		     "RELAYCLIENT for whoever has a name",
		     "almost every client in the world has one",
		     "give RELAYCLIENT to addresses of your own only");
	else if (network->kind == NETWORK_NAMES)
		find(rules, FINDING_WARNING, "relayclient-name", line, key,
		     "RELAYCLIENT by host name",
		     "the owner of an address writes its name, and without -p nobody checks it",
		     "run tcpserver with -p, or name the addresses");
	if (network->has_info)
		find(rules, FINDING_WARNING, "relayclient-ident", line, key,
		     "RELAYCLIENT by ident answer",
		     "the client's own machine says what its administrator wants",
		     "use it among machines that you run yourself only");
}

static void judge_addresses(struct rules *rules, const struct network *network, struct span key,
			    uint64_t line)
{
	bool is_4 = network->address.version == 4;

	if (network->prefix_length < (is_4 ? 8U : 16U))
		find(rules, FINDING_ERROR, "relayclient-short-prefix", line, key,
		     "RELAYCLIENT for a network larger than /8 of IPv4 or /16 of IPv6",
		     "strangers are in it", "name your own networks one by one");
	else if (!network_is_public(network))
		return;
	else if (network->prefix_length < (is_4 ? 16U : 32U))
		find(rules, FINDING_ERROR, "relayclient-public-block", line, key,
		     "RELAYCLIENT for a whole provider's addresses",
		     "all its customers, and whoever has broken into their machines, may relay",
		     "name the addresses that are your own");
	else if (network->prefix_length < (is_4 ? 32U : 64U))
		find(rules, FINDING_WARNING, "relayclient-public-block", line, key,
		     "RELAYCLIENT for a block of public addresses",
		     "whoever gets one of them next week may relay",
		     "make sure that all of it is yours, or name single addresses");
}

static void judge_relaying(struct rules *rules, struct span key, uint64_t line)
{
	struct network network = network_read(key);

	switch (network.kind) {
	case NETWORK_EVERYBODY:
		find(rules, FINDING_ERROR, "relayclient-everybody", line, key,
		     "RELAYCLIENT for everybody",
		     "anybody can send anything to anywhere through this host",
		     "give RELAYCLIENT to addresses of your own only");
		break;
	case NETWORK_ADDRESSES:
		judge_addresses(rules, &network, key, line);
		judge_names(rules, &network, key, line);
		break;
	case NETWORK_NAMES: judge_names(rules, &network, key, line); break;
	case NETWORK_NONE: break;
	}
}

/* --- a rule for strangers --- */

static void keep_class(struct rules *rules, struct span key, struct span data, uint64_t line)
{
	struct audit_classes *classes = rules->classes;
	size_t index = classes->count;

	for (size_t other = 0; other < classes->count; other++)
		if (span_equal(text_span(&classes->data[other]), data))
			return;
	if (index == AUDIT_MOST_CLASSES) {
		classes->has_more = true;
		return;
	}
	text_init(&classes->data[index], LARGEST_DATA);
	text_init(&classes->key[index], LARGEST_DATA);
	text_add(&classes->data[index], data);
	text_add(&classes->key[index], key);
	rules->failed |= classes->data[index].failed || classes->key[index].failed;
	classes->line[index] = line;
	classes->count++;
}

void audit_classes_free(struct audit_classes *classes)
{
	for (size_t index = 0; index < classes->count; index++) {
		text_free(&classes->data[index]);
		text_free(&classes->key[index]);
	}
	classes->count = 0;
}

static void judge_key(struct rules *rules, struct span key, struct span data, uint64_t line)
{
	struct span value;

	if (match_denies(data) || span_equal(key, SPAN(PREFIX_INDEX_KEY)))
		return;
	if (sets(data, "RELAYCLIENT", &value)) {
		judge_relaying(rules, key, line);
	} else {
		keep_class(rules, key, data, line);
		if (sets(data, "ODDADDRESS", &value) && span_equal(value, SPAN("1")))
			find(rules, FINDING_WARNING, "oddaddress", line, key,
			     "ODDADDRESS=1 for clients that may not relay",
			     "a program behind smtpd may send user%elsewhere@here on to elsewhere",
			     "take it out unless that program is known not to");
	}
	if (sets(data, "ALLOW_INSECURE_AUTH", &value))
		find(rules, FINDING_WARNING, "auth-in-clear", line, key,
		     "logging in is allowed without TLS",
		     "whoever can listen on the way learns the passwords, and relays with them",
		     "put tlsd in front of smtpd and take ALLOW_INSECURE_AUTH out");
}

/* --- where they are --- */

static void judge_line(struct rules *rules, struct rule *rule, struct span line, uint64_t number)
{
	struct text why;
	struct span key;
	enum rule_kind kind;

	text_init(&why, 1000);
	kind = rule_read(rule, line, &why);
	if (kind == RULE_MALFORMED)
		findings_add(rules->findings,
			     &(struct finding){FINDING_ERROR, "rule-malformed", rules->file, number,
					       text_span(&why),
					       "the text cannot be compiled, so no change to it is "
					       "in force",
					       "correct this line"});
	for (size_t index = 0; index < rule->warning_count && kind != RULE_MALFORMED; index++)
		if (!strstr(rule->warnings[index], "RELAYCLIENT")) /* judged by themselves */
			find(rules, FINDING_WARNING, "rule-useless", number, span_trim_end(line),
			     rule->warnings[index], "the rule does not say what it seems to say",
			     "correct it or take it out");
	while (kind == RULE_GOOD && rule_next_key(rule, &key))
		judge_key(rules, key, text_span(&rule->data), number);
	rules->failed |= why.failed;
	text_free(&why);
}

static bool fail(struct text *why, const char *name)
{
	reason_add(why, "read", name);
	return false;
}

static bool judge_text(struct rules *rules, struct text *why)
{
	int descriptor = open(rules->file, O_RDONLY | O_CLOEXEC | O_NOCTTY), result;
	struct line_reader reader;
	struct rule rule;
	struct span line;

	if (descriptor == -1)
		return fail(why, rules->file);
	errno = ENOMEM;
	if (!rule_init(&rule) || line_reader_init(&reader, descriptor, RULE_LONGEST_LINE) == -1)
		return fail(why, rules->file);
	while ((result = line_reader_next(&reader, &line)) == 1)
		judge_line(rules, &rule, line, reader.number);
	if (result == -1)
		fail(why, rules->file);
	line_reader_free(&reader);
	rule_free(&rule);
	close(descriptor);
	return result == 0;
}

/* A database that cannot be read is told by whoever asks it. */
static void judge_cdb(struct rules *rules)
{
	unsigned position = CDB_FILE_FIRST_RECORD;
	struct cdb_file file;
	struct span key, data;

	if (cdb_file_open(&file, rules->file) == -1)
		return;
	while (cdb_file_next(&file, &position, &key, &data) == VERDICT_YES)
		judge_key(rules, key, data, 0);
	cdb_file_close(&file);
}

bool audit_rules(struct findings *findings, const char *cdb, const char *text,
		 struct audit_classes *classes, struct text *why)
{
	struct rules rules = {findings, classes, text ? text : cdb, false};

	*classes = (struct audit_classes){.count = 0};
	keep_class(&rules, SPAN(""), SPAN(""), 0); /* the client that no rule knows */
	if (text && !judge_text(&rules, why))
		return false;
	if (!text && cdb)
		judge_cdb(&rules);
	if (rules.failed)
		text_add_string(why, "out of memory");
	return !rules.failed;
}
