#include "explain/audit_probes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "explain/hosted.h"
#include "explain/stranger.h"
#include "unix/control.h"
#include "unix/file.h"
#include "unix/reason.h"
#include "unix/temporary.h"

#define LARGEST (4 * 1024 * 1024) /* bytes, of what is said and of what is recorded */
#define VICTIM	"relay-probe.invalid"

/* What stands behind RCPT TO: with M for a domain that is hosted here and V for one that is not.
 */
static const char *const forms[] = {
	"<u@V>",
	"<u%V@M>",
	"<u%V>",
	"<V!u>",
	"<V!u@M>",
	"<\"u@V\"@M>",
	"<\"u%V\"@M>",
	"<\"u@V\">",
	"<u@V@M>",
	"<u%V%M>",
	"<@M:u@V>",
	"<@V:u@M>",
	"<@M,@V:u@M>",
	"<@V,@M:u@V>",
	"<u@V.>",
	"<u@M.>",
	"<u@[127.0.0.1]>",
	"<u@[0.0.0.0]>",
	"<u@[256.0.0.1]>",
	"<u@[IPv6:::1]>",
	"<u%V@[127.0.0.1]>",
	"<u@>",
	"<@>",
	"<>",
	"",
	"u@V",
	" u@M",
	"nonsense",
	"<\"u\"@M>",
	"<u\\@V@M>",
	"<u@M V>",
	"<u@V%M>",
	"<V:u@M>",
	"<u@sub.M>",
	"<M!V!u>",
};

#define FORMS (sizeof(forms) / sizeof(*forms))

/* Each form is tried with a sender elsewhere and with one here. */
static size_t count_probes(void)
{
	return 2 * FORMS;
}

/* --- what is said --- */

static void add_form(struct text *out, const char *form, struct span hosted)
{
	for (; *form; form++)
		if (*form == 'V')
			text_add_string(out, VICTIM);
		else if (*form == 'M')
			text_add(out, hosted);
		else
			text_add_byte(out, *form);
}

/* The sender says which probe it is, so that the record can be read. Where a recipient is refused,
 * DATA and the dot are refused as well, and nothing is recorded. */
static void write_dialogue(struct text *out, struct span hosted)
{
	text_add_string(out, "EHLO " VICTIM "\r\n");
	for (size_t index = 0; index < count_probes(); index++) {
		text_add_string(out, "RSET\r\nMAIL FROM:<probe-");
		text_add_number(out, index);
		text_add_byte(out, '@');
		text_add(out, index < FORMS ? SPAN(VICTIM) : hosted);
		text_add_string(out, ">\r\nRCPT TO:");
		add_form(out, forms[index % FORMS], hosted);
		text_add_string(out, "\r\nDATA\r\n.\r\n");
	}
	text_add_string(out, "QUIT\r\n");
}

/* How many recipients were taken. Each probe has five replies, of which RCPT's is the third; before
 * them come the greeting and the one to EHLO. */
static size_t count_taken(const struct text *replies)
{
	struct span rest = text_span(replies), line;
	size_t number = 0, taken = 0;

	while (span_next_line(&rest, &line)) {
		if (span_byte(line, 3) == '-')
			continue;
		if (number >= 2 && (number - 2) % 5 == 2 && span_starts(line, SPAN("250 ")))
			taken++;
		number++;
	}
	return taken;
}

/* --- what was recorded --- */

/* Where mail for a recipient goes that was queued. */
enum fate {
	FATE_HERE,
	FATE_OPEN, /* here, unless the program behind smtpd takes the local part for an address */
	FATE_AWAY,
};

static bool is_here(struct settings *settings, struct span domain)
{
	return settings->rcpthosts.exists ? hosted_has(settings, domain)
					  : span_equal_folded(domain, text_span(&settings->me));
}

static enum fate fate_of(struct settings *settings, struct span recipient)
{
	size_t at = span_find_last(recipient, '@');

	if (at < recipient.length && !is_here(settings, span_tail(recipient, at + 1)))
		return FATE_AWAY;
	for (size_t index = 0; index < at; index++)
		if (span_find(SPAN("@%!:"), recipient.bytes[index]) < 4)
			return FATE_OPEN;
	return FATE_HERE;
}

/* Read one envelope off the record. */
static bool next_envelope(struct span *rest, size_t *probe, struct span *recipient)
{
	struct span sender = span_head(*rest, span_find(*rest, '\0'));
	uint64_t number;

	if (sender.length == rest->length || !span_starts(sender, SPAN("Fprobe-")))
		return false;
	*rest = span_tail(*rest, sender.length + 1);
	*recipient = span_head(*rest, span_find(*rest, '\0'));
	*rest = span_tail(*rest, recipient->length + 2); /* and the NUL that ends the list */
	sender = span_tail(sender, strlen("Fprobe-"));
	if (!number_read_span(span_head(sender, span_find(sender, '@')), count_probes() - 1,
			      &number) ||
	    span_byte(*recipient, 0) != 'T')
		return false;
	*probe = (size_t)number;
	*recipient = span_tail(*recipient, 1);
	return true;
}

static void tell(struct findings *findings, const struct audit_client *client, enum fate fate,
		 struct text *forms_taken)
{
	struct text path;

	if (forms_taken->length == 0)
		return;
	text_add_string(forms_taken, client->file || client->key.length
					     ? " are taken from a client of this rule"
					     : " are taken from a client that no rule knows");
	text_init(&path, 8192);
	control_path("rcpthosts", &path);
	findings_add(
		findings,
		&(struct finding){
			fate == FATE_AWAY ? FINDING_ERROR : FINDING_WARNING,
			fate == FATE_AWAY ? "open-relay" : "odd-forms-taken",
			client->file ? client->file : text_string(&path),
			client->line,
			text_span(forms_taken),
			fate == FATE_AWAY
				? "mail to them leaves this host, so it is an open relay"
				: "the program behind smtpd may send such mail on to elsewhere",
			fate == FATE_AWAY
				? "see which rule and list let them in with relay-explain"
				: "take ODDADDRESS=1 out unless that program is known not to",
		});
	text_free(&path);
}

/* *count: how many envelopes there were. */
static bool judge(struct findings *findings, struct settings *settings,
		  const struct audit_client *client, struct span record, struct span hosted,
		  size_t *count)
{
	bool is_told[FORMS] = {false};
	struct text taken[FATE_AWAY + 1];
	struct span recipient;
	size_t probe;
	bool is_good = true;

	for (int fate = FATE_HERE; fate <= FATE_AWAY; fate++)
		text_init(&taken[fate], LARGEST);
	for (*count = 0; next_envelope(&record, &probe, &recipient); ++*count) {
		struct text *words = &taken[fate_of(settings, recipient)];

		if (is_told[probe % FORMS])
			continue;
		is_told[probe % FORMS] = true;
		text_add_string(words, words->length ? ", " : "");
		add_form(words, forms[probe % FORMS], hosted);
	}
	for (int fate = FATE_OPEN; fate <= FATE_AWAY; fate++)
		tell(findings, client, (enum fate)fate, &taken[fate]);
	for (int fate = FATE_HERE; fate <= FATE_AWAY; fate++) {
		is_good &= !taken[fate].failed;
		text_free(&taken[fate]);
	}
	return is_good;
}

/* A file in TMPDIR, or in /tmp, that the trial's queue program writes to. */
struct record_file {
	struct text name;
	int descriptor;
};

/* False with the reason appended to *why. */
static bool create_record(struct record_file *file, struct text *why)
{
	const char *directory = temporary_directory();

	text_add_string(&file->name, directory);
	text_add_string(&file->name, "/relay-audit.XXXXXX");
	errno = ENAMETOOLONG;
	file->descriptor = file->name.failed ? -1 : mkostemp(file->name.bytes, O_CLOEXEC);
	if (file->descriptor == -1)
		reason_add(why, "create a file in", directory);
	return file->descriptor != -1;
}

/* Nothing is known of such a client then, which is no reason to believe it. */
static void tell_untried(struct findings *findings, const struct audit_client *client,
			 const struct text *reason)
{
	struct text path, what;

	text_init(&path, 8192);
	text_init(&what, LARGEST);
	control_path("", &path);
	text_add_string(&what, "smtpd could not be tried as ");
	text_add_string(&what, client->file || client->key.length ? "a client of this rule"
								  : "a client that no rule knows");
	if (client->key.length) {
		text_add_string(&what, " (");
		text_add(&what, client->key);
		text_add_byte(&what, ')');
	}
	text_add_string(&what, ": ");
	text_add(&what, text_span(reason));
	findings_add(findings, &(struct finding){FINDING_ERROR, "not-tried",
						 client->file ? client->file : text_string(&path),
						 client->line, text_span(&what),
						 "whether it is open to such a client is not known",
						 "mend it and run relay-audit again"});
	text_free(&path);
	text_free(&what);
}

/* Hold the trial and judge what the queue program wrote to the record. */
static bool try_with(struct findings *findings, struct settings *settings,
		     const struct audit_client *client, const struct record_file *file,
		     size_t *probes, struct text *why)
{
	struct text dialogue, replies, record, hosted, reason;
	enum verdict verdict = VERDICT_LATER;
	size_t recorded;
	bool is_good = false;

	text_init(&dialogue, LARGEST);
	text_init(&replies, LARGEST);
	text_init(&record, LARGEST);
	text_init(&hosted, 8192);
	text_init(&reason, LARGEST);
	hosted_example(settings, &hosted);
	write_dialogue(&dialogue, text_span(&hosted));
	errno = ENOMEM; /* unless a call says otherwise */
	if (!dialogue.failed && !hosted.failed)
		verdict = stranger_talk(client->data, text_span(&dialogue),
					text_string(&file->name), &replies, &reason);
	if (verdict != VERDICT_LATER && file_read_all(file->descriptor, &record) != -1) {
		errno = ENOMEM;
		is_good = judge(findings, settings, client, text_span(&record), text_span(&hosted),
				&recorded);
	}
	if (verdict == VERDICT_YES && is_good && recorded != count_taken(&replies)) {
		verdict = VERDICT_NO;
		text_add_string(&reason, "not all that it took came into ");
		text_add(&reason, text_span(&file->name));
	}
	if (!is_good)
		text_add_string(why, strerror(errno));
	else if (verdict == VERDICT_NO)
		tell_untried(findings, client, &reason);
	else
		*probes += count_probes();
	text_free(&dialogue);
	text_free(&replies);
	text_free(&record);
	text_free(&hosted);
	text_free(&reason);
	return is_good;
}

bool audit_probes(struct findings *findings, struct settings *settings,
		  const struct audit_client *client, size_t *probes, struct text *why)
{
	size_t before = why->length;
	struct record_file file;
	bool is_good = false;

	text_init(&file.name, PATH_MAX);
	text_add_string(why, "unable to try smtpd: ");
	if (create_record(&file, why)) {
		is_good = try_with(findings, settings, client, &file, probes, why);
		close(file.descriptor);
		unlink(text_string(&file.name));
	}
	if (is_good)
		text_cut(why, before);
	text_free(&file.name);
	return is_good;
}
