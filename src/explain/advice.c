#include "explain/advice.h"

#include <sys/stat.h>

#include "base/item.h"
#include "rules/rule.h"
#include "unix/control.h"
#include "unix/environment.h"
#include "unix/home.h"

static bool is_plain(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '_' ||
	       byte == '/' || byte == '@' || byte == '+' || byte == ':' || byte == ',';
}

static bool is_all_plain(struct span word)
{
	size_t index = 0;

	while (index < word.length && is_plain(word.bytes[index]))
		index++;
	return word.length && index == word.length && word.bytes[0] != '-';
}

static bool is_printable(struct span word)
{
	size_t index = 0;

	while (index < word.length && word.bytes[index] >= ' ' && word.bytes[index] <= '~')
		index++;
	return index == word.length;
}

static void add_octal(struct text *out, unsigned char byte)
{
	text_add_byte(out, '\\');
	for (int shift = 6; shift >= 0; shift -= 3)
		text_add_byte(out, (char)('0' + (byte >> shift & 7)));
}

/* A word that a shell takes as it is. A page does not show all bytes; printf makes the others. */
static void add_word(struct text *out, struct span word)
{
	bool is_shown = is_printable(word);

	if (is_all_plain(word)) {
		text_add(out, word);
		return;
	}
	text_add_string(out, is_shown ? "'" : "\"$(printf '");
	for (size_t index = 0; index < word.length; index++) {
		char byte = word.bytes[index];

		if (!is_shown && (!is_plain(byte) || byte == '-')) /* no option of printf's */
			add_octal(out, (unsigned char)byte);
		else if (byte == '\'')
			text_add_string(out, "'\\''");
		else
			text_add_byte(out, byte);
	}
	text_add_string(out, is_shown ? "'" : "')\"");
}

static void add_path_word(struct text *out, const char *name)
{
	struct text path;

	text_init(&path, 8192);
	control_path(name, &path);
	add_word(out, text_span(&path));
	text_free(&path);
}

static void add_path(struct text *out, const char *name)
{
	control_path(name, out);
}

/* A name that was not given is made of the one that was: tcp.smtp and tcp.smtp.cdb go together. */
static struct span stem(const struct advice_about *about)
{
	struct span name = span_of(about->cdb	  ? about->cdb
				   : about->rules ? about->rules
						  : "tcp.smtp");

	return span_ends_folded(name, SPAN(".cdb")) ? span_head(name, name.length - 4) : name;
}

static struct span rules_name(const struct advice_about *about)
{
	return about->rules ? span_of(about->rules) : stem(about);
}

static void add_compile(const struct advice_about *about, struct text *out)
{
	struct text name;

	text_init(&name, 8192);
	text_add(&name, stem(about));
	text_add_string(&name, ".cdb");
	text_add_string(out, "    tcprules ");
	add_word(out, about->cdb ? span_of(about->cdb) : text_span(&name));
	text_cut(&name, name.length ? name.length - 4 : 0);
	text_add_string(&name, ".tmp");
	text_add_byte(out, ' ');
	add_word(out, text_span(&name));
	text_add_string(out, " < ");
	add_word(out, rules_name(about));
	text_add_byte(out, '\n');
	text_free(&name);
}

/* Rules are never merged: a new one must repeat what the present one gives. */
static void add_other_variables(const struct advice_about *about, struct text *out)
{
	struct span data = about->data, variable;
	bool is_first = true;

	while (item_next_variable(&data, &variable)) {
		if (span_starts(variable, SPAN("RELAYCLIENT=")))
			continue;
		text_add_string(out, is_first ? "Rules are never merged: write into the new one "
						"too what the present one sets: "
					      : ", ");
		text_add(out, variable);
		is_first = false;
	}
	if (!is_first)
		text_add_string(out, ".\n");
}

/* A rule for an answer of ident is asked before that for the address alone. Such an answer, with
 * its '@', in front of the present rule's address; or nothing. */
static struct span ident_of(struct span key)
{
	size_t at = span_find_last(key, '@');

	return at < key.length ? span_head(key, at + 1) : (struct span){NULL, 0};
}

/* The line stands for other addresses as well. */
static bool is_range(struct span line)
{
	bool is_it = false;
	struct rule rule;
	struct span key;
	struct text why;

	text_init(&why, 1000);
	if (rule_init(&rule) && rule_read(&rule, line, &why) == RULE_GOOD)
		is_it = rule_next_key(&rule, &key) && rule_next_key(&rule, &key);
	rule_free(&rule);
	text_free(&why);
	return is_it;
}

/* Where the new line belongs. Of several rules for one address the first one counts. */
static void add_place(const struct advice_about *about, bool is_own, struct text *out)
{
	if (!is_own)
		text_add_string(out, "add this line to ");
	else if (is_range(about->text))
		text_add_string(out, "its present rule is for others as well, so put this line "
				     "in front of it (tcprules will tell that it comes first): ");
	else if (about->line)
		text_add_string(out, "in place of its present rule, write this into ");
	else
		text_add_string(out, "in place of its present rule, or in front of that if it is "
				     "for others as well, write this into ");
	text_add(out, rules_name(about));
	if (is_own && about->line) {
		text_add_string(out, ", line ");
		text_add_number(out, about->line);
	}
}

static void add_rule(const struct advice_about *about, struct text *out)
{
	char text[ADDRESS_TEXT];
	struct span address = {text, address_write(&about->client, text)};
	struct span ident = ident_of(about->key);
	bool is_own = about->key.bytes && span_equal(span_tail(about->key, ident.length), address);

	text_add_string(out, "The client is yours and always calls from this address: ");
	add_place(about, is_own, out);
	text_add_string(out, ", and compile it.\n    ");
	text_add(out, ident);
	text_add_string(out, about->client.version == 6 ? "[" : "");
	text_add(out, address);
	text_add_string(out, about->client.version == 6 ? "]" : "");
	text_add_string(out, ":allow,RELAYCLIENT=\"\"\n");
	add_compile(about, out);
	add_other_variables(about, out);
}

/* A command that appends a line to a control file, whose last line may lack its end. */
static void add_append(struct span line, const char *name, struct text *out)
{
	/* The echo of some shells takes a backslash for the beginning of something else. */
	const char *command = span_find(line, '\\') < line.length ? "printf '%s\\n' " : "echo ";
	bool is_ended = true;
	struct text contents, why;

	text_init(&contents, CONTROL_LARGEST);
	text_init(&why, 1000);
	if (control_read(name, &contents, &why) == VERDICT_YES && contents.length)
		is_ended = contents.bytes[contents.length - 1] == '\n';
	text_add_string(out, is_ended ? "    " : "    (echo; ");
	text_add_string(out, command);
	add_word(out, line);
	text_add_string(out, is_ended ? " >> " : ") >> ");
	add_path_word(out, name);
	text_add_byte(out, '\n');
	text_free(&contents);
	text_free(&why);
}

static void add_hosting(const struct trial *trial, struct text *out)
{
	struct span address = text_span(&trial->address);
	struct span domain = span_tail(address, span_find_last(address, '@') + 1);
	struct text folded;

	if (!trial->was_hosted_asked || !is_all_plain(domain))
		return;
	text_init(&folded, 8192);
	text_add_folded(&folded, domain);
	text_add_string(out, "If ");
	text_add(out, text_span(&folded));
	text_add_string(out, " is one of your own domains, mail to it is wanted from everybody:\n");
	add_append(text_span(&folded), "rcpthosts", out);
	text_add_string(out, "If it is not, there are three ways to let this client relay.\n");
	text_free(&folded);
}

/* Whether a line of the list can name an address, and no other with it: it is no comment,
 * controlcdb takes it, and it has no '*' for the end of any name. */
static bool can_be_listed(struct span address)
{
	struct span local = span_head(address, span_find_last(address, '@'));
	int first = span_byte(address, 0), last = span_byte(local, local.length - 1);

	return first != '#' && first != ' ' && last != '*';
}

/* controlcdb makes the database anew, so what is not in the text would be lost. */
static void add_mailbox(const struct trial *trial, struct text *out)
{
	const char *directory = environment_get("CONTROLDIR");
	struct text path;
	struct stat status;

	if (!can_be_listed(text_span(&trial->address)))
		return;
	text_init(&path, 8192);
	add_path(&path, "recipients");
	text_add_string(out, "If there is such a mailbox, ");
	if (stat(text_string(&path), &status) == -1) {
		text_add_string(out, "add it to what ");
		add_path(out, "recipients.cdb");
		text_add_string(out, " was made of, and make that again; a file ");
		text_add(out, text_span(&path));
		text_add_string(out, ", from which controlcdb would make it, is not there.\n");
	} else {
		text_add_string(out, "list it and compile the list.\n");
		add_append(text_span(&trial->address), "recipients", out);
		text_add_string(out, "    ");
		if (directory && *directory) {
			text_add_string(out, "CONTROLDIR=");
			add_word(out, span_of(directory));
			text_add_byte(out, ' ');
		}
		text_add_string(out, "controlcdb recipients\n");
	}
	text_free(&path);
}

static void add_ways(const struct trial *trial, const struct advice_about *about, struct text *out)
{
	if (trial->said == REPLY_RELAY_UNKNOWN)
		text_add_string(out,
				"RELAYUNKNOWN was set because an earlier program could not find "
				"out who the client is; its log says why. Mend that first.\n");
	add_hosting(trial, out);
	text_add_string(out, "1. ");
	add_rule(about, out);
	text_add_string(out, "2. It calls from changing addresses: let its user log in, under TLS, "
			     "with a line for him in ");
	add_path(out, "users");
	text_add_string(out, ".\n"
			     "    tlsd smtpd checkpassword-cdb true\n"
			     "3. It cannot log in, but fetches its mail before it sends any: let "
			     "relay-allow open a window at the mail login, and ask for it before "
			     "smtpd.\n"
			     "    relay-check ");
	text_add_string(out, home_directory);
	text_add_string(out,
			"/relay smtpd\n"
			"Do not allow it if you do not know whose it is; if others share the "
			"address, as behind a gateway, a proxy or a container's bridge; if the "
			"address will be somebody else's next week; or because the sender's "
			"domain is yours: anybody can write that.\n");
}

void advice_write(const struct trial *trial, const struct advice_about *about, struct text *out)
{
	switch (trial->said) {
	case REPLY_NOT_HOSTED:
	case REPLY_RELAY_UNKNOWN:
	case REPLY_ODD_ADDRESS: add_ways(trial, about, out); break;
	case REPLY_NO_MAILBOX: add_mailbox(trial, out); break;
	case REPLY_BAD_SENDER:
		text_add_string(out, "If this sender's mail is wanted, take the entry out of ");
		add_path(out, "badmailfrom");
		text_add_string(out, ". No rule and no login can let it pass.\n");
		break;
	default: break;
	}
}

void advice_write_denied(const struct advice_about *about, struct text *out)
{
	text_add_string(out, "The rule for ");
	text_add_string(out, about->key.length ? "" : "everybody");
	text_add(out, about->key);
	text_add_string(out, " denies the connection. If that is a mistake:\n");
	add_rule(about, out);
	text_add_string(out,
			"Without RELAYCLIENT it may send to your own domains and to no other.\n");
}
