#include "host/lists.h"

#include "host/policy.h"
#include "unix/report.h"

/* The lookup that is to be asked: the real one, or one that writes down what it is asked. */
static struct lookup watched(const struct lists *lists, const char *name, struct lookup real,
			     struct recording *recording)
{
	if (!lists->record)
		return real;
	*recording = (struct recording){lists->record, name, real};
	return record_lookup(recording);
}

/* An answer of a cdb that was overwritten meanwhile is worth nothing. */
static enum verdict if_unchanged(const struct cdb_file *file, const char *name,
				 enum verdict verdict)
{
	if (verdict != VERDICT_LATER && (!file->is_open || cdb_file_is_unchanged(file)))
		return verdict;
	warn("control/%s cannot be read, or is being overwritten", name);
	return VERDICT_LATER;
}

enum verdict lists_hosted(const struct lists *lists, struct span domain, struct text *why)
{
	struct settings *settings = lists->settings;
	struct recording of_list, of_more;
	struct lookup list =
		watched(lists, "rcpthosts", entries_lookup(&settings->rcpthosts), &of_list);
	struct lookup more = watched(lists, "morercpthosts.cdb",
				     cdb_file_lookup(&settings->morercpthosts), &of_more);
	enum verdict verdict =
		policy_hosted(settings->rcpthosts.exists ? &list : NULL,
			      settings->morercpthosts.is_open ? &more : NULL, domain, why);

	/* What rcpthosts has decided is so, whatever happens to the file that was not asked. */
	if (verdict == VERDICT_YES && !span_equal(text_span(why), SPAN("morercpthosts")))
		return VERDICT_YES;
	return if_unchanged(&settings->morercpthosts, "morercpthosts.cdb", verdict);
}

enum verdict lists_mailbox(const struct lists *lists, struct span address)
{
	struct cdb_file *file = &lists->settings->recipients;
	struct recording of_list;
	struct lookup list = watched(lists, "recipients.cdb", cdb_file_lookup(file), &of_list);

	return if_unchanged(file, "recipients.cdb",
			    policy_mailbox(file->is_open ? &list : NULL, address));
}

enum verdict lists_bad_sender(const struct lists *lists, struct span address)
{
	struct recording of_list;
	struct lookup list = watched(lists, "badmailfrom",
				     entries_lookup(&lists->settings->badmailfrom), &of_list);

	return policy_bad_sender(&list, address);
}
