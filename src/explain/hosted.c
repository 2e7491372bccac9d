#include "explain/hosted.h"

#include "host/list_domain.h"
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

bool hosted_is_own_address(struct span entry, struct interfaces *interfaces)
{
	struct smtp_path path = {.at = 0};
	struct address address;
	bool is_own;

	if (span_byte(entry, 0) != '[' || entry.length < 3)
		return false;
	text_init(&path.address, PATH_LARGEST);
	text_add_byte(&path.address, '@');
	text_add(&path.address, entry);
	is_own = !path.address.failed && path_literal(&path, &address) &&
		 interfaces_have(interfaces, &address);
	text_free(&path.address);
	return is_own;
}

bool hosted_can_match(struct span entry, struct interfaces *interfaces)
{
	return list_domain_can_match(entry) && !hosted_is_own_address(entry, interfaces);
}

/* Take the entry's domain if smtpd, asked for it, says yes. */
static bool try_entry(struct settings *settings, struct span entry, struct interfaces *interfaces,
		      struct text *domain)
{
	size_t before = domain->length;

	if (!hosted_can_match(entry, interfaces))
		return false;
	add_domain(domain, entry);
	if (hosted_has(settings, span_tail(text_span(domain), before)))
		return true;
	text_cut(domain, before);
	return false;
}

/* False when no entry of either list has one. */
static bool find_example(struct settings *settings, struct interfaces *interfaces,
			 struct text *domain)
{
	struct span rest = text_span(&settings->rcpthosts.contents), entry, data;
	unsigned position = CDB_FILE_FIRST_RECORD;

	while (control_next(&rest, &entry, NULL))
		if (try_entry(settings, entry, interfaces, domain))
			return true;
	while (settings->rcpthosts.exists && settings->morercpthosts.is_open &&
	       cdb_file_next(&settings->morercpthosts, &position, &entry, &data) == VERDICT_YES)
		if (try_entry(settings, entry, interfaces, domain))
			return true;
	return false;
}

void hosted_example(struct settings *settings, struct text *domain)
{
	struct interfaces interfaces = {.is_read = false};

	if (!find_example(settings, &interfaces, domain))
		text_add_folded(domain, text_span(&settings->me));
	interfaces_free(&interfaces);
}
