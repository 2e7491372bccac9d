/*
 * relay-audit: is this host an open relay, and which mistakes does its configuration hold?
 *
 *     relay-audit [-x cdb] [-r rules] [-c controldir] [--json]
 *
 * Prints one line for each finding. Looks at rules, control files and permissions, and tries the
 * classic forms of addresses on smtpd itself as a client that may not relay. Exit 0: no error was
 * found. Exit 1: some. Exit 100: wrong usage. Exit 111: it could not be audited. With
 * RELAY_AUDIT_RECORD in the environment it is the queue program of that smtpd.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/item.h"
#include "explain/audit_control.h"
#include "explain/audit_probes.h"
#include "explain/audit_rules.h"
#include "explain/audit_writable.h"
#include "explain/decision.h"
#include "explain/gateways.h"
#include "explain/queue_value.h"
#include "explain/stranger.h"
#include "unix/control.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/spawn.h"

#define USAGE "[-x cdb] [-r rules] [-c controldir] [--json]"

static const struct options_word words[] = {
	{"json", 'j'},
	{NULL, 0},
};

struct audit {
	const char *cdb, *rules; /* NULL: not given */
	bool is_json;
	bool is_text_in_force; /* as far as that is known */
	struct findings findings;
	struct audit_seen seen;
	size_t probes;
};

static void find(struct audit *audit, enum finding_grade grade, const char *kind, const char *file,
		 uint64_t line, const char *what, const char *why, const char *remedy)
{
	findings_add(&audit->findings,
		     &(struct finding){grade, kind, file, line, span_of(what), why, remedy});
}

/* --- the environment --- */

/* What smtpd cannot use is told and taken out, so that all the rest can still be tried. */
static void judge_values(struct audit *audit)
{
	struct text why, name;

	text_init(&why, 2 * REPORT_LINE);
	text_init(&name, 2 * REPORT_LINE);
	for (size_t index = 0; environ[index];) {
		struct span variable = span_of(environ[index]), value;
		bool is_read;

		text_clear(&why);
		text_clear(&name);
		text_add(&name, span_head(variable, span_find(variable, '=')));
		value = span_tail(variable, name.length + 1);
		is_read = settings_variable_is_usable(text_span(&name), value, &why);
		if (is_read && queue_value_can_run(text_span(&name), value, &why)) {
			index++;
			continue;
		}
		find(audit, FINDING_ERROR, "variable-unusable", "the environment", 0,
		     text_string(&why),
		     is_read ? "every message is answered 451"
			     : "smtpd answers 421 to every client",
		     "correct it before tcpserver is started");
		environment_unset(text_string(&name));
	}
	text_free(&why);
	text_free(&name);
}

/* The environment is that of whoever starts the servers: what it holds, every client gets. */
static void judge_environment(struct audit *audit)
{
	const char *odd = environment_get("ODDADDRESS");

	if (environment_get("RELAYCLIENT"))
		find(audit, FINDING_ERROR, "relayclient-everybody", "the environment", 0,
		     "RELAYCLIENT is set", "tcpserver hands it to every client's smtpd",
		     "unset it before tcpserver is started");
	if (environment_get("ALLOW_INSECURE_AUTH"))
		find(audit, FINDING_WARNING, "auth-in-clear", "the environment", 0,
		     "ALLOW_INSECURE_AUTH is set: logging in is allowed without TLS",
		     "whoever can listen on the way learns the passwords, and relays with them",
		     "put tlsd in front of smtpd and unset it");
	if (odd && strcmp(odd, "1") == 0)
		find(audit, FINDING_WARNING, "oddaddress", "the environment", 0,
		     "ODDADDRESS=1 is set for clients that may not relay",
		     "a program behind smtpd may send user%elsewhere@here on to elsewhere",
		     "unset it unless that program is known not to");
	judge_values(audit);
}

/* --- the rules --- */

/* A rule for the very address was written for it; one for a network around it, not. */
static void judge_decision(struct audit *audit, const struct decision *decision, const char *what)
{
	char address[ADDRESS_TEXT + 100];
	bool has_grant = decision->verdict == VERDICT_YES && !decision->is_denied &&
			 item_find_value(text_span(&decision->data), "RELAYCLIENT");
	bool is_exact = span_equal(text_span(&decision->match.key), span_of(decision->client.ip));

	if (!has_grant)
		return;
	snprintf(address, sizeof(address), "RELAYCLIENT for %s%s, %s",
		 is_exact ? "" : "a network with ", decision->client.ip, what);
	find(audit, is_exact ? FINDING_ERROR : FINDING_WARNING, "relayclient-gateway",
	     decision->number ? decision->text : decision->cdb, decision->number, address,
	     "where addresses are translated, all the world seems to come from there",
	     "write a rule without RELAYCLIENT for this address");
}

static void judge_state(struct audit *audit, const struct decision *decision)
{
	const struct source *source = &decision->source;

	audit->is_text_in_force = decision->is_same;
	if (decision->is_older)
		find(audit, FINDING_WARNING, "cdb-older", audit->cdb, 0,
		     "it is older than the rules' text, though both say the same",
		     "one day they will not", "compile the text after each change");
	if (decision->has_source && source->state == VERDICT_LATER)
		find(audit, FINDING_ERROR, "unreadable", audit->cdb, 0,
		     "it is damaged, or is being written over",
		     "it cannot be told whether the text is in force", "compile the text");
	else if (decision->has_source && source->differs)
		find(audit, FINDING_ERROR, "cdb-stale", audit->rules, source->first_different,
		     "the compiled rules say something else", "what the text says is not in force",
		     "compile it: tcprules cdb tmp < rules");
}

/* Ask the rules for one client. False when they cannot be asked. */
static bool ask(struct audit *audit, const char *ip, const char *what)
{
	struct match_client client = {ip, NULL, NULL};
	struct decision decision;
	struct text why;
	bool is_good;

	text_init(&why, 2 * REPORT_LINE);
	decision_init(&decision, audit->cdb, audit->rules, &client);
	is_good = decision_make(&decision, &why);
	if (is_good && what)
		judge_decision(audit, &decision, what);
	else if (is_good)
		judge_state(audit, &decision);
	else if (audit->cdb) /* what is wrong with a text alone was told line by line */
		find(audit, FINDING_ERROR, "rules-unreadable", audit->cdb, 0, text_string(&why),
		     "tcpserver drops every connection", "compile the rules anew");
	decision_free(&decision);
	text_free(&why);
	return is_good;
}

static void audit_gateways(struct audit *audit)
{
	struct gateways gateways = {.count = 0};
	char what[200];

	if (gateways_find(&gateways) == -1) {
		snprintf(what, sizeof(what), "not all its gateways and bridges are known: %s",
			 strerror(errno));
		find(audit, FINDING_WARNING, "not-looked-at", "this machine", 0, what,
		     "the rules may let one of them relay",
		     "run relay-audit where netlink sockets are allowed");
	}
	if (gateways.failed)
		die(EXIT_TEMPORARY, "unable to list the gateways and bridges of this machine");
	for (size_t index = 0; index < gateways.count; index++) {
		char ip[ADDRESS_TEXT];

		address_write(&gateways.list[index].address, ip);
		ask(audit, ip, gateways.list[index].what);
	}
	gateways_free(&gateways);
}

static void audit_file(struct audit *audit, const char *file, bool is_compiled)
{
	struct text why;

	text_init(&why, 2 * REPORT_LINE);
	if (!audit_rules(&audit->findings, file, is_compiled, &audit->seen, &why))
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	text_free(&why);
}

/* The text has lines, so it stands for the compiled rules where both say the same. Where they do
 * not, what is in force comes first: of what both give to strangers it is the one that is named. */
static void audit_all_rules(struct audit *audit)
{
	bool can_be_asked = (audit->cdb || audit->rules) && ask(audit, "192.0.2.255", NULL);

	audit_seen_init(&audit->seen);
	if (audit->cdb && !audit->is_text_in_force)
		audit_file(audit, audit->cdb, true);
	if (audit->rules)
		audit_file(audit, audit->rules, false);
	if (audit->seen.directories.failed)
		die(EXIT_TEMPORARY, "out of memory");
	if (can_be_asked)
		audit_gateways(audit);
}

/* --- who may change what --- */

static void audit_permissions(struct audit *audit)
{
	char windows[4096];

	if (audit->cdb)
		audit_writable(&audit->findings, audit->cdb, true);
	if (audit->rules)
		audit_writable(&audit->findings, audit->rules, audit->cdb == NULL);
	snprintf(windows, sizeof(windows), "%s/relay", home_directory);
	audit_writable_windows(&audit->findings, windows);
}

/* --- the control directories --- */

/* Whether a client that may not relay, and whose smtpd reads this directory, has ODDADDRESS=1. */
static bool is_odd_taken(const struct audit *audit, size_t directory)
{
	const struct audit_classes *classes = &audit->seen.classes;
	const char *own = environment_get("ODDADDRESS");

	for (size_t index = 0; index < classes->count; index++) {
		const char *value = item_find_value(text_span(&classes->data[index]), "ODDADDRESS");

		value = value ? value : own;
		if (classes->directory[index] == directory && value && strcmp(value, "1") == 0)
			return true;
	}
	return false;
}

static bool read_settings(struct audit *audit, struct settings *settings, bool is_own)
{
	struct text why, path;
	bool is_good;

	text_init(&why, 2 * REPORT_LINE);
	text_init(&path, 8192);
	is_good = settings_read(settings, false, &why);
	control_path("", &path);
	if (!is_good)
		find(audit, FINDING_ERROR, "control-unreadable", text_string(&path), 0,
		     text_string(&why),
		     is_own ? "smtpd answers 421 to every client"
			    : "smtpd answers 421 to every client whose rule names this directory",
		     "mend the file that is named");
	text_free(&why);
	text_free(&path);
	return is_good;
}

/* One sort of stranger, for whom smtpd reads these settings. */
static void probe(struct audit *audit, size_t index, struct settings *settings)
{
	const struct audit_classes *classes = &audit->seen.classes;
	struct audit_client client = {
		.data = text_span(&classes->data[index]),
		.key = text_span(&classes->key[index]),
		.file = classes->file[index],
		.line = classes->line[index],
	};
	struct text why;

	text_init(&why, 2 * REPORT_LINE);
	if (!audit_probes(&audit->findings, settings, &client, &audit->probes, &why))
		die(EXIT_TEMPORARY, "%s", text_string(&why));
	text_free(&why);
}

/* What is in it, and what the strangers meet whose smtpd reads it. Where only customers meet it,
 * its lists open nothing. */
static void audit_directory(struct audit *audit, size_t directory)
{
	const struct audit_seen *seen = &audit->seen;
	struct settings settings;

	audit_directories_enter(&seen->directories, directory);
	audit_writable_control(&audit->findings);
	if (read_settings(audit, &settings, directory == 0)) {
		if (seen->directories.list[directory].is_for_strangers &&
		    !audit_control(&audit->findings, &settings, is_odd_taken(audit, directory)))
			die(EXIT_TEMPORARY, "out of memory");
		for (size_t index = 0; index < seen->classes.count; index++)
			if (seen->classes.directory[index] == directory)
				probe(audit, index, &settings);
	}
	settings_free(&settings);
}

static void audit_all_directories(struct audit *audit)
{
	const char *file = audit->rules ? audit->rules : audit->cdb;

	for (size_t index = 0; index < audit->seen.directories.count; index++)
		audit_directory(audit, index);
	audit_directories_enter(&audit->seen.directories, 0);
	if (audit->seen.directories.has_more)
		find(audit, FINDING_WARNING, "not-looked-at", file, 0,
		     "the rules name more control directories than are looked at",
		     "everybody may be able to write some of them",
		     "let rules share their directories");
	if (audit->seen.classes.has_more)
		find(audit, FINDING_WARNING, "too-many-classes", file, 0,
		     "the rules give strangers more sorts of instructions than are tried",
		     "an open one may be among the others", "let rules share their instructions");
}

int main(int argc, char **argv)
{
	struct audit audit = {.is_json = false};
	const char *record = environment_get(STRANGER_RECORD);
	int letter;

	report_begin("relay-audit");
	spawn_prepare();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to be told of */
	if (record)
		return stranger_record(record);
	while ((letter = options_next_word(argc, argv, "x:r:c:", words, USAGE)) != -1) {
		switch (letter) {
		case 'x': audit.cdb = optarg; break;
		case 'r': audit.rules = optarg; break;
		case 'c': environment_set("CONTROLDIR", optarg); break;
		case 'j': audit.is_json = true; break;
		}
	}
	if (argc != optind)
		die_usage(USAGE, "too many words");
	findings_init(&audit.findings, audit.is_json);

	judge_environment(&audit);
	audit_all_rules(&audit);
	audit_permissions(&audit);
	audit_all_directories(&audit);
	findings_finish(&audit.findings, audit.probes);
	if (audit.findings.out.failed)
		die(EXIT_TEMPORARY, "out of memory");
	if (file_write(1, text_span(&audit.findings.out)) == -1)
		die_errno(EXIT_TEMPORARY, "unable to write to standard output");
	audit_seen_free(&audit.seen);
	letter = audit.findings.errors ? 1 : 0;
	findings_free(&audit.findings);
	return letter;
}
