#include "explain/audit_rule.h"

#include <string.h>

#include "base/item.h"

#define LARGEST (1024 * 1024) /* bytes */

struct judge {
	struct findings *findings;
	const struct audit_rule *rule;
	bool failed; /* memory was short */
};

bool audit_rule_tell(struct findings *findings, const struct audit_rule *rule,
		     enum finding_grade grade, const char *kind, const char *what, const char *why,
		     const char *remedy)
{
	struct text words;
	bool is_good;

	text_init(&words, LARGEST);
	text_add_string(&words, what);
	if (rule->address.length) {
		text_add_string(&words, " (");
		text_add(&words, rule->address);
		text_add_byte(&words, ')');
	}
	findings_add(findings, &(struct finding){grade, kind, rule->file, rule->line,
						 text_span(&words), why, remedy});
	is_good = !words.failed;
	text_free(&words);
	return is_good;
}

static void find(struct judge *judge, enum finding_grade grade, const char *kind, const char *what,
		 const char *why, const char *remedy)
{
	judge->failed |=
		!audit_rule_tell(judge->findings, judge->rule, grade, kind, what, why, remedy);
}

/* --- a rule that lets relay --- */

static void judge_names(struct judge *judge, const struct network *network)
{
	if (network->kind == NETWORK_NAMES && span_equal(judge->rule->address, SPAN("=")))
		find(judge, FINDING_ERROR, "relayclient-everybody",
		     "RELAYCLIENT for whoever has a name",
		     "almost every client in the world has one",
		     "give RELAYCLIENT to addresses of your own only");
	else if (network->kind == NETWORK_NAMES)
		find(judge, FINDING_WARNING, "relayclient-name", "RELAYCLIENT by host name",
		     "the owner of an address writes its name, and without -p nobody checks it",
		     "run tcpserver with -p, or name the addresses");
	if (network->has_info)
		find(judge, FINDING_WARNING, "relayclient-ident", "RELAYCLIENT by ident answer",
		     "the client's own machine says what its administrator wants",
		     "use it among machines that you run yourself only");
}

/* How many addresses there are behind a rule, or for IPv6 how long a prefix. */
enum size {
	SIZE_SMALL, /* one public address, a customer's network of IPv6, private addresses */
	SIZE_BLOCK,
	SIZE_PROVIDER,
	SIZE_WIDE,
	SIZE_ALL,
};

static enum size size_of(const struct network_count *count)
{
	if (count->all >> 32)
		return SIZE_ALL;
	if (count->all > 1 << 24)
		return SIZE_WIDE;
	if (count->public > 1 << 16)
		return SIZE_PROVIDER;
	return count->public > 1 ? SIZE_BLOCK : SIZE_SMALL;
}

static enum size size_of_network(const struct network *network, struct span key)
{
	struct network_count count = {.all = 0};

	network_count_add(&count, key);
	if (count.all)
		return size_of(&count);
	if (network->prefix_length < 16)
		return SIZE_WIDE;
	if (!network_is_public(network))
		return SIZE_SMALL;
	if (network->prefix_length < 32)
		return SIZE_PROVIDER;
	return network->prefix_length < 64 ? SIZE_BLOCK : SIZE_SMALL;
}

static void judge_size(struct judge *judge, enum size size)
{
	switch (size) {
	case SIZE_SMALL: break;
	case SIZE_BLOCK:
		find(judge, FINDING_WARNING, "relayclient-public-block",
		     "RELAYCLIENT for a block of public addresses",
		     "whoever gets one of them next week may relay",
		     "make sure that all of it is yours, or name single addresses");
		break;
	case SIZE_PROVIDER:
		find(judge, FINDING_ERROR, "relayclient-public-block",
		     "RELAYCLIENT for a whole provider's addresses",
		     "all its customers, and whoever has broken into their machines, may relay",
		     "name the addresses that are your own");
		break;
	case SIZE_WIDE:
		find(judge, FINDING_ERROR, "relayclient-short-prefix",
		     "RELAYCLIENT for a network larger than /8 of IPv4 or /16 of IPv6",
		     "strangers are in it", "name your own networks one by one");
		break;
	case SIZE_ALL:
		find(judge, FINDING_ERROR, "relayclient-everybody", "RELAYCLIENT for everybody",
		     "anybody can send anything to anywhere through this host",
		     "give RELAYCLIENT to addresses of your own only");
		break;
	}
}

static void judge_relaying(struct judge *judge)
{
	struct span key = judge->rule->address;
	struct network network;

	if (judge->rule->range) {
		judge_size(judge, size_of(judge->rule->range));
		return;
	}
	network = network_read(key);
	switch (network.kind) {
	case NETWORK_EVERYBODY: judge_size(judge, SIZE_ALL); break;
	case NETWORK_ADDRESSES:
		judge_size(judge, size_of_network(&network, key));
		judge_names(judge, &network);
		break;
	case NETWORK_NAMES: judge_names(judge, &network); break;
	case NETWORK_NONE: break;
	}
}

/* --- any rule --- */

bool audit_rule(struct findings *findings, const struct audit_rule *rule)
{
	struct judge judge = {findings, rule, false};
	const char *odd = item_find_value(rule->data, "ODDADDRESS");

	if (item_find_value(rule->data, "RELAYCLIENT"))
		judge_relaying(&judge);
	else if (odd && strcmp(odd, "1") == 0)
		find(&judge, FINDING_WARNING, "oddaddress",
		     "ODDADDRESS=1 for clients that may not relay",
		     "a program behind smtpd may send user%elsewhere@here on to elsewhere",
		     "take it out unless that program is known not to");
	if (item_find_value(rule->data, "ALLOW_INSECURE_AUTH"))
		find(&judge, FINDING_WARNING, "auth-in-clear", "logging in is allowed without TLS",
		     "whoever can listen on the way learns the passwords, and relays with them",
		     "put tlsd in front of smtpd and take ALLOW_INSECURE_AUTH out");
	return !judge.failed;
}
