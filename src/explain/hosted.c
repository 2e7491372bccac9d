#include "explain/hosted.h"

#include "host/lists.h"
#include "smtp/path.h"
#include "unix/control.h"

bool hosted_has(struct settings *settings, struct span domain)
{
	struct lists lists = {settings, NULL};
	struct text folded, why;
	bool has;

	text_init(&folded, domain.length + 1);
	text_init(&why, 100);
	text_add_folded(&folded, domain);
	has = !folded.failed && lists_hosted(&lists, text_span(&folded), &why) == VERDICT_YES;
	text_free(&folded);
	text_free(&why);
	return has;
}

/* A domain that the entry is for: itself, or one below it. */
static void add_domain(struct text *out, struct span entry)
{
	text_add_string(out, span_byte(entry, 0) == '.' ? "any" : "");
	text_add_folded(out, entry);
}

/* Asked is smtpd's own reader of recipients, so that nobody has to say a second time what a domain
 * may look like. A dot at the end it takes, and then smtpd takes it off. */
bool hosted_can_match(struct span entry)
{
	struct smtp_path path;
	struct text domain, recipient;
	struct span rest;
	bool can_match;

	if (entry.length == 0 || entry.bytes[entry.length - 1] == '.')
		return false;
	text_init(&domain, PATH_LARGEST);
	text_init(&recipient, 2 * PATH_LARGEST);
	text_init(&path.address, 2 * PATH_LARGEST);
	add_domain(&domain, entry);
	text_add_string(&recipient, "<u@");
	text_add(&recipient, text_span(&domain));
	text_add_byte(&recipient, '>');
	can_match = !domain.failed && !recipient.failed &&
		    path_read(text_span(&recipient), &path, &rest) == PATH_OK &&
		    span_equal(path_domain(&path), text_span(&domain));
	text_free(&domain);
	text_free(&recipient);
	text_free(&path.address);
	return can_match;
}

/* Take the entry's domain if smtpd, asked for it, says yes. */
static bool try_entry(struct settings *settings, struct span entry, struct text *domain)
{
	size_t before = domain->length;

	if (!hosted_can_match(entry))
		return false;
	add_domain(domain, entry);
	if (hosted_has(settings, span_tail(text_span(domain), before)))
		return true;
	text_cut(domain, before);
	return false;
}

void hosted_example(struct settings *settings, struct text *domain)
{
	struct span rest = text_span(&settings->rcpthosts.contents), entry, data;
	unsigned position = CDB_FILE_FIRST_RECORD;

	while (control_next(&rest, &entry, NULL))
		if (try_entry(settings, entry, domain))
			return;
	while (settings->rcpthosts.exists && settings->morercpthosts.is_open &&
	       cdb_file_next(&settings->morercpthosts, &position, &entry, &data) == VERDICT_YES)
		if (try_entry(settings, entry, domain))
			return;
	text_add_folded(domain, text_span(&settings->me));
}
