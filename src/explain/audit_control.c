#include "explain/audit_control.h"

#include <string.h>
#include <sys/stat.h>

#include "explain/hosted.h"
#include "unix/control.h"

#define LONGEST 8192 /* bytes */

struct audit {
	struct findings *findings;
	struct settings *settings;
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
	text_add_string(&words, subject.length ? " " : "");
	text_add_string(&words, what);
	findings_add(audit->findings, &(struct finding){grade, kind, text_string(&path), line,
							text_span(&words), why, remedy});
	audit->failed |= path.failed || words.failed;
	text_free(&path);
	text_free(&words);
}

/* --- the list of hosted domains --- */

static void judge_entry(struct audit *audit, struct span entry, unsigned line)
{
	struct span rest = span_tail(entry, 1);

	if (span_find(entry, '@') < entry.length || span_find(entry, '*') < entry.length ||
	    span_find(entry, ' ') < entry.length || span_find(entry, '\t') < entry.length ||
	    span_find(entry, ':') < entry.length)
		find(audit, FINDING_WARNING, "rcpthosts-useless", "rcpthosts", line, entry,
		     "is no domain and never matches", "mail that it should let in is refused",
		     "write example.org, or .example.org for all below it");
	else if (entry.bytes[0] == '.' && span_find(rest, '.') == rest.length)
		find(audit, FINDING_ERROR, "rcpthosts-wide", "rcpthosts", line, entry,
		     "hosts all domains below it",
		     "mail for domains of others is taken and sent on",
		     "write the domains that are your own");
}

static void judge_rcpthosts(struct audit *audit)
{
	struct span rest = text_span(&audit->settings->rcpthosts.contents), entry;
	unsigned line = 0, count = 0;

	if (!audit->settings->rcpthosts.exists) {
		find(audit, FINDING_ERROR, "rcpthosts-missing", "rcpthosts", 0, SPAN(""),
		     "there is no such file",
		     "then every domain counts as hosted here, and anybody may send to anywhere",
		     "write your domains into it, one a line");
		return;
	}
	while (control_next(&rest, &entry, &line)) {
		judge_entry(audit, entry, line);
		count++;
	}
	if (count == 0 && !audit->settings->morercpthosts.is_open)
		find(audit, FINDING_WARNING, "rcpthosts-empty", "rcpthosts", 0, SPAN(""),
		     "there is no domain in it", "mail from outside is refused for every domain",
		     "write your domains into it, one a line");
	if (!hosted_has(audit->settings, text_span(&audit->settings->me)))
		find(audit, FINDING_WARNING, "me-not-hosted", "me", 1,
		     text_span(&audit->settings->me), "is not in rcpthosts",
		     "mail to this host's own postmaster, and bounces to it, are refused",
		     "write it into rcpthosts");
}

/* --- the lists of qmail --- */

static void judge_local(struct audit *audit, struct span entry, unsigned line)
{
	if (!hosted_has(audit->settings, entry))
		find(audit, FINDING_WARNING, "locals-not-hosted", "locals", line, entry,
		     "is not in rcpthosts", "mail from outside for this domain is refused",
		     "write it into rcpthosts, or take it out of locals");
}

/* "domain:user", ".domain:user", "user@domain:user", or ":user" for all others. */
static void judge_virtual(struct audit *audit, struct span entry, unsigned line)
{
	struct span domain = span_head(entry, span_find(entry, ':'));
	size_t at = span_find_last(domain, '@');
	struct text asked;

	if (at < domain.length)
		domain = span_tail(domain, at + 1);
	if (domain.length == 0)
		return;
	text_init(&asked, LONGEST);
	text_add_string(&asked, domain.bytes[0] == '.' ? "any" : "");
	text_add(&asked, domain);
	if (!hosted_has(audit->settings, text_span(&asked)))
		find(audit, FINDING_WARNING, "virtualdomains-not-hosted", "virtualdomains", line,
		     domain, "is not in rcpthosts", "mail from outside for this domain is refused",
		     "write it into rcpthosts, or take it out of virtualdomains");
	text_free(&asked);
}

static void judge_percenthack(struct audit *audit, struct span entry, unsigned line)
{
	if (hosted_has(audit->settings, entry))
		find(audit, FINDING_WARNING, "percenthack", "percenthack", line, entry,
		     "is in rcpthosts too",
		     "qmail sends user%elsewhere@here on to elsewhere; only smtpd's refusal of "
		     "such addresses, which ODDADDRESS=1 takes away, is in between",
		     "remove the file");
}

static void judge_percenthack_open(struct audit *audit, struct span entry, unsigned line)
{
	if (hosted_has(audit->settings, entry))
		find(audit, FINDING_ERROR, "percenthack", "percenthack", line, entry,
		     "is in rcpthosts too, and ODDADDRESS=1 is set",
		     "qmail sends user%elsewhere@here on to elsewhere, for anybody",
		     "remove the file, and ODDADDRESS=1");
}

static void judge_list(struct audit *audit, const char *name,
		       void (*judge)(struct audit *audit, struct span entry, unsigned line))
{
	struct text contents, why;
	struct span rest, entry;
	unsigned line = 0;

	text_init(&contents, CONTROL_LARGEST);
	text_init(&why, LONGEST);
	if (control_read(name, &contents, &why) == VERDICT_LATER)
		find(audit, FINDING_ERROR, "unreadable", name, 0, text_span(&why), "",
		     "it cannot be audited", "make it readable");
	rest = text_span(&contents);
	while (control_next(&rest, &entry, &line))
		judge(audit, entry, line);
	text_free(&contents);
	text_free(&why);
}

/* --- what is compiled --- */

static void judge_compiled(struct audit *audit, const char *name, const char *cdb,
			   const char *remedy)
{
	struct text path, cdb_path;
	struct stat text, compiled;

	text_init(&path, LONGEST);
	text_init(&cdb_path, LONGEST);
	control_path(name, &path);
	control_path(cdb, &cdb_path);
	if (stat(text_string(&path), &text) == 0 &&
	    (stat(text_string(&cdb_path), &compiled) == -1 ||
	     text.st_mtim.tv_sec > compiled.st_mtim.tv_sec))
		find(audit, FINDING_WARNING, "list-stale", name, 0, SPAN(""),
		     "it is newer than its .cdb", "what was changed in it is not in force", remedy);
	text_free(&path);
	text_free(&cdb_path);
}

bool audit_control(struct findings *findings, struct settings *settings, bool is_odd_taken)
{
	struct audit audit = {findings, settings, false};

	judge_rcpthosts(&audit);
	if (settings->rcpthosts.exists) {
		judge_list(&audit, "locals", judge_local);
		judge_list(&audit, "virtualdomains", judge_virtual);
	}
	judge_list(&audit, "percenthack",
		   is_odd_taken ? judge_percenthack_open : judge_percenthack);
	judge_compiled(&audit, "morercpthosts", "morercpthosts.cdb",
		       "run controlcdb morercpthosts");
	judge_compiled(&audit, "recipients", "recipients.cdb", "run controlcdb recipients");
	return !audit.failed;
}
