#include "explain/bad_sender.h"

#include "base/text.h"
#include "base/utf8.h"
#include "smtp/path.h"

/* Whether there is a sender, as smtpd reads it, that the entry matches. */
static bool can_match(struct span entry)
{
	size_t at = span_find_last(entry, '@');
	struct text sender;
	struct smtp_path path;
	struct span rest;
	bool can;

	text_init(&sender, 2 * PATH_LARGEST + 16);
	text_init(&path.address, PATH_LARGEST + 16);
	text_add_string(&sender, at == 0 ? "<u" : "<");
	for (size_t index = 0; index < at; index++) {
		text_add_byte(&sender, '\\'); /* any byte may stand in quotes */
		text_add_byte(&sender, entry.bytes[index]);
	}
	text_add(&sender, span_tail(entry, at));
	text_add_byte(&sender, '>');
	can = !sender.failed && path_read(text_span(&sender), &path, &rest) == PATH_OK &&
	      span_equal(span_tail(text_span(&path.address), at == 0), entry);
	text_free(&sender);
	text_free(&path.address);
	return can;
}

const char *bad_sender_flaw(struct span entry)
{
	int first = span_byte(entry, 0);

	if (utf8_has_mark(entry))
		return "begins with a byte order mark and never matches";
	if (span_byte(entry, entry.length - 1) == '\r')
		return "ends in a carriage return and never matches";
	if (!can_match(entry))
		return "is no sender and never matches";
	if (!span_has(entry, '@') && span_has(entry, '.'))
		return "has no @ and matches only a sender without one";
	/* The dot of a sender is taken off, that of an entry is not. */
	if (span_byte(entry, entry.length - 1) == '.')
		return "ends in a dot and matches only a sender that is written so";
	/* Such senders could be, but are not. */
	if (span_has(entry, '*') || span_has(entry, ' ') || first == '!' || first == '%')
		return "matches only a sender that is written just so";
	return NULL;
}
