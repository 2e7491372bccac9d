#include "explain/audit_control.h"

#include "base/utf8.h"
#include "explain/audit_compiled.h"
#include "explain/bad_sender.h"
#include "explain/hosted.h"
#include "host/list_domain.h"
#include "unix/control.h"

#define LONGEST 8192 /* bytes */

struct audit {
	struct findings *findings;
	struct settings *settings;
	bool is_odd_taken;
	struct text env_no_at_host;
	struct interfaces interfaces;
	struct {
		size_t unicode, encoded; /* beyond ASCII, and as "xn--..." (RFC 5891) */
		const char *first;	 /* file of the first one beyond ASCII */
		unsigned line;
	} forms;	 /* of hosted domains, in both lists */
	size_t mistaken; /* entries of the list of qmail, or of senders, that is looked at */
	bool failed;
};

static void find(struct audit *audit, enum finding_grade grade, const char *kind, const char *name,
		 uint64_t line, struct span subject, const char *what, const char *why,
		 const char *remedy)
{
	struct text path, words;

	text_init(&path, LONGEST);
	text_init(&words, CONTROL_LARGEST);
	control_path(name, &path);
	text_add(&words, subject);
	text_add_string(&words, subject.length && *what ? " " : "");
	text_add_string(&words, what);
	findings_add(audit->findings, &(struct finding){grade, kind, text_string(&path), line,
							text_span(&words), why, remedy});
	audit->failed |= path.failed || words.failed;
	text_free(&path);
	text_free(&words);
}

/* Of a mistake of so many entries, those that were not named. The file is by its name here. */
static void find_others(struct audit *audit, struct finding others, size_t count)
{
	if (count && !findings_add_of_control(audit->findings, others, count))
		audit->failed = true;
}

/* --- the lists of hosted domains --- */

/* What was found in one of the lists. */
struct judged {
	const char *name; /* of the file */
	bool is_compiled;
	size_t entries, useless, wide;
};

static bool has_capitals(struct span entry)
{
	for (size_t index = 0; index < entry.length; index++)
		if (byte_fold(entry.bytes[index]) != entry.bytes[index])
			return true;
	return false;
}

static bool has_encoded_label(struct span entry)
{
	while (entry.length && !span_starts_folded(entry, SPAN("xn--")))
		entry = span_tail(entry, span_find(entry, '.') + 1);
	return entry.length > 0;
}

/* Which belongs to which is not worth a Punycode of our own: there must be as many of both. */
static void count_forms(struct audit *audit, const struct judged *list, struct span entry,
			unsigned line)
{
	if (has_encoded_label(entry))
		audit->forms.encoded++;
	for (size_t index = 0; index < entry.length; index++)
		if ((unsigned char)entry.bytes[index] >= 0x80) {
			if (audit->forms.unicode++ == 0) {
				audit->forms.first = list->name;
				audit->forms.line = line;
			}
			return;
		}
}

static void find_useless(struct audit *audit, const struct judged *list, struct span entry,
			 unsigned line)
{
	const char *what = "is no domain and never matches";
	const char *why = "mail that it should let in is refused";
	const char *remedy = "write example.org, or .example.org for all below it";

	if (hosted_is_own_address(entry, &audit->interfaces)) {
		what = "is an address of this host and never matches";
		why = "smtpd puts the name in localiphost, by default me, in its place before it "
		      "asks";
		remedy = "write that name";
	} else if (span_equal(entry, SPAN("."))) {
		what = "never matches";
		why = "smtpd takes the dot off a recipient's end before it asks, but the original "
		      "qmail-smtpd takes whatever ends in a dot by this entry";
		remedy = "take it out";
	} else if (span_byte(entry, entry.length - 1) == '.') {
		what = "ends in a dot and never matches";
		why = "smtpd takes the dot off a recipient's end before it asks";
		remedy = "take the dot off";
	} else if (utf8_has_mark(entry)) {
		what = "begins with a byte order mark and never matches";
		remedy = "write the file without it";
	} else if (span_byte(entry, entry.length - 1) == '\r') {
		what = "ends in a carriage return and never matches";
		remedy = "write the file with lines that end in a line feed alone";
	} else if (hosted_can_match(entry, &audit->interfaces)) {
		what = "has capitals in a database and never matches";
		remedy = "let controlcdb make the database";
	}
	find(audit, FINDING_WARNING, "rcpthosts-useless", list->name, line, entry, what, why,
	     remedy);
}

static void judge_entry(struct audit *audit, struct judged *list, struct span entry, unsigned line)
{
	struct span rest = span_tail(entry, 1);

	list->entries++;
	if (!hosted_can_match(entry, &audit->interfaces) ||
	    (list->is_compiled && has_capitals(entry))) {
		if (findings_may_name(&list->useless))
			find_useless(audit, list, entry, line);
	} else if (entry.bytes[0] == '.' && span_find(rest, '.') == rest.length) {
		if (findings_may_name(&list->wide))
			find(audit, FINDING_ERROR, "rcpthosts-wide", list->name, line, entry,
			     "hosts all domains below it",
			     "mail for domains of others is taken and sent on",
			     "write the domains that are your own");
	} else {
		count_forms(audit, list, entry, line);
	}
}

static void judge_others(struct audit *audit, const struct judged *list)
{
	find_others(audit,
		    (struct finding){FINDING_WARNING, "rcpthosts-useless", list->name, 0,
				     SPAN("# more entries never match"),
				     "mail that they should let in is refused",
				     "see to these as well"},
		    list->useless);
	find_others(audit,
		    (struct finding){FINDING_ERROR, "rcpthosts-wide", list->name, 0,
				     SPAN("# more entries host all domains below them"),
				     "mail for domains of others is taken and sent on",
				     "write the domains that are your own"},
		    list->wide);
}

/* Returns how many entries there are. */
static size_t judge_list_of_hosted(struct audit *audit)
{
	struct judged list = {.name = "rcpthosts"};
	struct span rest = text_span(&audit->settings->rcpthosts.contents), entry;
	unsigned line = 0;

	while (control_next(&rest, &entry, &line))
		judge_entry(audit, &list, entry, line);
	judge_others(audit, &list);
	return list.entries;
}

static size_t judge_database_of_hosted(struct audit *audit)
{
	struct judged list = {.name = "morercpthosts.cdb", .is_compiled = true};
	struct cdb_file *file = &audit->settings->morercpthosts;
	unsigned position = CDB_FILE_FIRST_RECORD;
	enum verdict verdict = VERDICT_NO;
	struct span key, data;

	while (file->is_open &&
	       (verdict = cdb_file_next(file, &position, &key, &data)) == VERDICT_YES)
		judge_entry(audit, &list, key, 0);
	judge_others(audit, &list);
	if (verdict == VERDICT_LATER)
		find(audit, FINDING_ERROR, "unreadable", list.name, 0, SPAN(""),
		     "it is damaged, or is being overwritten", "it cannot be audited",
		     "run controlcdb morercpthosts");
	return list.entries + (verdict == VERDICT_LATER);
}

static void judge_hosted(struct audit *audit)
{
	struct span me = text_span(&audit->settings->me);
	size_t entries;

	if (!audit->settings->rcpthosts.exists) {
		find(audit, FINDING_ERROR, "rcpthosts-missing", "rcpthosts", 0, SPAN(""),
		     "there is no such file",
		     "then every domain counts as hosted here, and anybody may send to anywhere",
		     "write your domains into it, one a line");
		return;
	}
	entries = judge_list_of_hosted(audit);
	entries += judge_database_of_hosted(audit);
	if (audit->forms.unicode > audit->forms.encoded)
		find(audit, FINDING_WARNING, "rcpthosts-unicode", audit->forms.first,
		     audit->forms.line, SPAN(""), "a domain in Unicode has no xn-- form beside it",
		     "clients without SMTPUTF8 write that form, and their mail is refused",
		     "write both forms, in lower case: letters outside ASCII are not folded");
	if (entries == 0)
		find(audit, FINDING_WARNING, "rcpthosts-empty", "rcpthosts", 0, SPAN(""),
		     "there is no domain in it", "mail from outside is refused for every domain",
		     "write your domains into it, one a line");
	if (!list_domain_can_be(me))
		find(audit, FINDING_WARNING, "me-not-hosted", "me", 1, me, "is no host name",
		     "smtpd greets with it and names itself by it in each message",
		     "write this host's name into its first line, and nothing else");
	else if (!hosted_has(audit->settings, me))
		find(audit, FINDING_WARNING, "me-not-hosted", "me", 1, me, "is not in rcpthosts",
		     "mail to this host's own postmaster, and bounces to it, are refused",
		     "write it into rcpthosts");
}

/* --- the lists of qmail --- */

/* Every host is localhost to itself, so mail for that from outside is refused with reason. */
static bool is_every_host(struct span domain)
{
	return span_equal_folded(domain, SPAN("localhost")) ||
	       span_equal_folded(domain, SPAN("localhost.localdomain"));
}

static void judge_local(struct audit *audit, struct span entry, unsigned line)
{
	if (!is_every_host(entry) && !hosted_has(audit->settings, entry) &&
	    findings_may_name(&audit->mistaken))
		find(audit, FINDING_WARNING, "locals-not-hosted", "locals", line, entry,
		     "is not in rcpthosts", "mail from outside for this domain is refused",
		     "write it into rcpthosts, or take it out of locals");
}

/* "domain:user", ".domain:user", "user@domain:user", or ":user" for all others. With nothing behind
 * the colon the domain is excepted from these and not virtual; without a colon it is no entry. */
static void judge_virtual(struct audit *audit, struct span entry, unsigned line)
{
	struct span domain = span_head(entry, span_find(entry, ':'));
	bool has_user = domain.length + 1 < entry.length;
	size_t at = span_find_last(domain, '@');
	struct text asked;

	if (at < domain.length)
		domain = span_tail(domain, at + 1);
	if (domain.length == 0 || !has_user)
		return;
	text_init(&asked, LONGEST);
	text_add_string(&asked, domain.bytes[0] == '.' ? "any" : "");
	text_add(&asked, domain);
	if (!hosted_has(audit->settings, text_span(&asked)) && findings_may_name(&audit->mistaken))
		find(audit, FINDING_WARNING, "virtualdomains-not-hosted", "virtualdomains", line,
		     domain, "is not in rcpthosts", "mail from outside for this domain is refused",
		     "write it into rcpthosts, or take it out of virtualdomains");
	text_free(&asked);
}

static void judge_bad_sender(struct audit *audit, struct span entry, unsigned line)
{
	const char *flaw = bad_sender_flaw(entry);

	if (flaw && findings_may_name(&audit->mistaken))
		find(audit, FINDING_WARNING, "badmailfrom-useless", "badmailfrom", line, entry,
		     flaw,
		     "it refuses hardly anybody, if at all; patterns, exceptions and reasons of "
		     "other programs mean nothing here",
		     "write user@example.org, or @example.org for all of a domain, one a line");
}

static void judge_percenthack(struct audit *audit, struct span entry, unsigned line)
{
	bool is_hosted = hosted_has(audit->settings, entry);
	bool is_added = span_equal_folded(entry, text_span(&audit->env_no_at_host));

	if ((!is_hosted && !is_added) || !findings_may_name(&audit->mistaken))
		return;
	if (audit->is_odd_taken)
		find(audit, FINDING_ERROR, "percenthack", "percenthack", line, entry,
		     is_hosted ? "is in rcpthosts too, and ODDADDRESS=1 is set"
			       : "is what qmail adds to addresses without a domain "
				 "(envnoathost), and ODDADDRESS=1 is set",
		     is_hosted ? "qmail sends user%elsewhere@here on to elsewhere, for anybody"
			       : "qmail sends user%elsewhere on to elsewhere, for anybody",
		     "remove the file, and ODDADDRESS=1");
	else
		find(audit, FINDING_WARNING, "percenthack", "percenthack", line, entry,
		     is_hosted ? "is in rcpthosts too"
			       : "is what qmail adds to addresses without a domain (envnoathost)",
		     is_hosted ? "qmail sends user%elsewhere@here on to elsewhere; only smtpd's "
				 "refusal of such addresses, which ODDADDRESS=1 takes away, is in "
				 "between"
			       : "qmail sends user%elsewhere on to elsewhere; only smtpd's "
				 "refusal of such addresses, which ODDADDRESS=1 takes away, is in "
				 "between",
		     "remove the file");
}

static void find_unreadable(struct audit *audit, const char *name, const struct text *why)
{
	find(audit, FINDING_ERROR, "unreadable", name, 0, text_span(why), "",
	     "it cannot be audited", "make it readable");
}

/* qmail has a name for the domain of addresses that have none, by default this host's. */
static void read_env_no_at_host(struct audit *audit)
{
	struct text why;

	text_init(&why, LONGEST);
	switch (control_line("envnoathost", &audit->env_no_at_host, &why)) {
	case VERDICT_YES: break;
	case VERDICT_NO: text_add(&audit->env_no_at_host, text_span(&audit->settings->me)); break;
	case VERDICT_LATER: find_unreadable(audit, "envnoathost", &why); break;
	}
	text_free(&why);
}

/* others tells of the entries that judge did not name, and names the list. */
static void judge_list(struct audit *audit,
		       void (*judge)(struct audit *audit, struct span entry, unsigned line),
		       struct finding others)
{
	const char *name = others.file;
	struct text contents, why;
	struct span rest, entry;
	unsigned line = 0;

	text_init(&contents, CONTROL_LARGEST);
	text_init(&why, LONGEST);
	if (control_read(name, &contents, &why) == VERDICT_LATER)
		find_unreadable(audit, name, &why);
	rest = text_span(&contents);
	audit->mistaken = 0;
	while (control_next(&rest, &entry, &line))
		judge(audit, entry, line);
	find_others(audit, others, audit->mistaken);
	text_free(&contents);
	text_free(&why);
}

static void judge_other_lists(struct audit *audit)
{
	if (audit->settings->rcpthosts.exists) {
		judge_list(audit, judge_local,
			   (struct finding){FINDING_WARNING, "locals-not-hosted", "locals", 0,
					    SPAN("# more domains are not in rcpthosts"),
					    "mail from outside for them is refused",
					    "write them into rcpthosts, or take them out of "
					    "locals"});
		judge_list(audit, judge_virtual,
			   (struct finding){FINDING_WARNING, "virtualdomains-not-hosted",
					    "virtualdomains", 0,
					    SPAN("# more domains are not in rcpthosts"),
					    "mail from outside for them is refused",
					    "write them into rcpthosts, or take them out of "
					    "virtualdomains"});
	}
	judge_list(audit, judge_percenthack,
		   (struct finding){
			   audit->is_odd_taken ? FINDING_ERROR : FINDING_WARNING, "percenthack",
			   "percenthack", 0, SPAN("# more domains are hosted, or added by qmail"),
			   "qmail sends user%elsewhere@here on to elsewhere", "remove the file"});
	judge_list(audit, judge_bad_sender,
		   (struct finding){FINDING_WARNING, "badmailfrom-useless", "badmailfrom", 0,
				    SPAN("# more entries refuse nobody"),
				    "mail that they should refuse is taken",
				    "see to these as well"});
}

bool audit_control(struct findings *findings, struct settings *settings, bool is_odd_taken)
{
	struct audit audit = {findings, settings, .is_odd_taken = is_odd_taken};

	text_init(&audit.env_no_at_host, LONGEST);
	read_env_no_at_host(&audit);
	judge_hosted(&audit);
	judge_other_lists(&audit);
	audit.failed |= !audit_compiled(findings, settings);
	audit.failed |= audit.env_no_at_host.failed;
	text_free(&audit.env_no_at_host);
	interfaces_free(&audit.interfaces);
	return !audit.failed;
}
