#include "explain/audit_compiled.h"

#include <sys/stat.h>

#include "host/list_domain.h"
#include "unix/control.h"
#include "unix/file.h"

#define LONGEST 8192 /* bytes */

struct audit {
	struct findings *findings;
	struct settings *settings;
	bool failed;
};

static void find(struct audit *audit, struct finding finding, size_t count)
{
	audit->failed |= !findings_add_of_control(audit->findings, finding, count);
}

/* must_be_compiled: the text by itself says nothing to anybody. */
static void judge_state(struct audit *audit, const char *name, const char *cdb,
			bool must_be_compiled, const char *remedy)
{
	bool is_compiled;
	struct text path, cdb_path;
	struct stat text, compiled;
	struct finding stale = {FINDING_WARNING, "list-stale", name, 0, SPAN(""), NULL, remedy};

	text_init(&path, LONGEST);
	text_init(&cdb_path, LONGEST);
	control_path(name, &path);
	control_path(cdb, &cdb_path);
	is_compiled = stat(text_string(&cdb_path), &compiled) == 0;
	if (stat(text_string(&path), &text) == -1 || (!is_compiled && !must_be_compiled)) {
		;
	} else if (!is_compiled) {
		stale.what = SPAN("it was never compiled");
		stale.why = "what is in it is not in force";
		find(audit, stale, 0);
	} else if (file_is_newer(&text, &compiled)) {
		stale.what = SPAN("it is newer than its .cdb");
		stale.why = "what was changed in it is not in force";
		find(audit, stale, 0);
	}
	text_free(&path);
	text_free(&cdb_path);
}

static void judge_readers(struct audit *audit, const char *name)
{
	struct text path;
	struct stat status;

	text_init(&path, LONGEST);
	control_path(name, &path);
	if (stat(text_string(&path), &status) == 0 && status.st_mode & S_IROTH)
		find(audit,
		     (struct finding){FINDING_WARNING, "world-readable", name, 0,
				      SPAN("everybody on this machine may read this file"),
				      "whoever has the hashes can try passwords on them unseen",
				      "chmod o-r"},
		     0);
	text_free(&path);
}

/* --- hosted domains without a mailbox --- */

/* The domains of all mailboxes, one a line, as a list that can be asked. Most mailboxes have the
 * domain of the one before. */
static void read_domains(struct settings *settings, struct entries *domains)
{
	struct text *contents = &domains->contents;
	unsigned position = CDB_FILE_FIRST_RECORD;
	struct span key, data;
	size_t last = 0; /* where the last line begins */

	text_init(contents, CONTROL_LARGEST);
	while (cdb_file_next(&settings->recipients, &position, &key, &data) == VERDICT_YES) {
		struct span domain = span_tail(key, span_find_last(key, '@') + 1);
		struct span line = span_tail(text_span(contents), last);

		if (span_equal(span_head(line, span_find(line, '\n')), domain))
			continue;
		last = contents->length;
		text_add(contents, domain);
		text_add_byte(contents, '\n');
	}
}

struct unserved {
	struct entries domains; /* that have mailboxes */
	size_t count;		/* hosted domains that have none */
};

static void judge_domain(struct audit *audit, struct unserved *unserved, const char *name,
			 struct span domain, unsigned line)
{
	enum verdict verdict;
	struct text what;

	/* Whether all domains below one have mailboxes nobody can tell. */
	if (span_byte(domain, 0) == '.' || !list_domain_can_match(domain))
		return;
	verdict = entries_find(&unserved->domains, domain);
	audit->failed |= verdict == VERDICT_LATER;
	if (verdict != VERDICT_NO || !findings_may_name(&unserved->count))
		return;
	text_init(&what, CONTROL_LARGEST);
	text_add(&what, domain);
	text_add_string(&what, " has no mailbox in recipients.cdb");
	find(audit,
	     (struct finding){FINDING_WARNING, "recipients-none", name, line, text_span(&what),
			      "mail for it is refused for good",
			      "write its mailboxes, or @ and the domain, into recipients"},
	     0);
	audit->failed |= what.failed;
	text_free(&what);
}

static void judge_mailboxes(struct audit *audit)
{
	struct settings *settings = audit->settings;
	struct span rest = text_span(&settings->rcpthosts.contents), domain, data;
	struct unserved unserved = {.domains = {.exists = true}};
	unsigned line = 0, position = CDB_FILE_FIRST_RECORD;

	if (!settings->recipients.is_open)
		return;
	read_domains(settings, &unserved.domains);
	while (control_next(&rest, &domain, &line))
		judge_domain(audit, &unserved, "rcpthosts", domain, line);
	while (settings->morercpthosts.is_open &&
	       cdb_file_next(&settings->morercpthosts, &position, &domain, &data) == VERDICT_YES)
		judge_domain(audit, &unserved, "morercpthosts.cdb", domain, 0);
	if (unserved.count)
		find(audit,
		     (struct finding){FINDING_WARNING, "recipients-none", "recipients", 0,
				      SPAN("# more hosted domains have no mailbox in it"),
				      "mail for them is refused for good",
				      "write their mailboxes, or @ and the domain, into it"},
		     unserved.count);
	audit->failed |= unserved.domains.contents.failed;
	entries_free(&unserved.domains);
}

bool audit_compiled(struct findings *findings, struct settings *settings)
{
	struct audit audit = {findings, settings, false};

	judge_state(&audit, "morercpthosts", "morercpthosts.cdb", true,
		    "run controlcdb morercpthosts");
	judge_state(&audit, "recipients", "recipients.cdb", true, "run controlcdb recipients");
	judge_state(&audit, "users", "users.cdb", true, "run controlcdb users");
	judge_state(&audit, "smtproutes", "smtproutes.cdb", false, "run controlcdb smtproutes");
	judge_readers(&audit, "users");
	judge_readers(&audit, "users.cdb");
	judge_mailboxes(&audit);
	return !audit.failed;
}
