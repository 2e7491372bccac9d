#include "host/list_domain.h"

#include "base/text.h"
#include "base/utf8.h"
#include "smtp/path.h"

/* Whether the words make one domain that smtpd reads back. */
static bool can_be(struct span before, struct span domain)
{
	struct text folded, recipient;
	struct smtp_path path;
	struct span rest;
	bool can;

	text_init(&folded, PATH_LARGEST);
	text_init(&recipient, 2 * PATH_LARGEST);
	text_init(&path.address, 2 * PATH_LARGEST);
	text_add(&folded, before);
	text_add_folded(&folded, domain);
	text_add_string(&recipient, "<u@");
	text_add(&recipient, text_span(&folded));
	text_add_byte(&recipient, '>');
	can = !folded.failed && !recipient.failed &&
	      path_read(text_span(&recipient), &path, &rest) == PATH_OK &&
	      span_equal(path_domain(&path), text_span(&folded));
	text_free(&folded);
	text_free(&recipient);
	text_free(&path.address);
	return can;
}

bool list_domain_can_be(struct span domain)
{
	return domain.length && domain.bytes[domain.length - 1] != '.' && !utf8_has_mark(domain) &&
	       can_be((struct span){NULL, 0}, domain);
}

bool list_domain_can_match(struct span entry)
{
	if (span_byte(entry, 0) != '.')
		return list_domain_can_be(entry);
	return entry.length > 1 && entry.bytes[entry.length - 1] != '.' &&
	       can_be(SPAN("any"), entry);
}
