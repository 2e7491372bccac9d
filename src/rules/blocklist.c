#include "rules/blocklist.h"

#define LONGEST_NAME  255 /* bytes, RFC 1035 section 2.3.4 */
#define LONGEST_LABEL 63
#define LONGEST_BASE  (LONGEST_NAME - 2 - 64) /* behind an IPv6 client */

/* A dot at its end changes nothing. */
static bool is_domain(struct span base)
{
	bool is_one = base.length > 0 && base.length <= LONGEST_BASE;

	while (is_one && base.length) {
		size_t label = span_find(base, '.');

		is_one = label > 0 && label <= LONGEST_LABEL;
		base = span_tail(base, label + 1);
	}
	return is_one;
}

bool blocklist_init(struct blocklist *list, struct span base)
{
	size_t end = span_find(base, ':');

	*list = (struct blocklist){.base = span_head(base, end), .words = span_tail(base, end + 1)};
	text_init(&list->reason, LONGEST_NAME);
	return is_domain(list->base);
}

void blocklist_free(struct blocklist *list)
{
	text_free(&list->reason);
}

bool blocklist_wants_text(const struct blocklist *list)
{
	return !list->is_allowing && list->words.length == 0;
}

void blocklist_write_name(const struct blocklist *list, const struct address *client,
			  struct text *name)
{
	static const char digits[] = "0123456789abcdef";
	size_t count = client->version == 4 ? 4 : 16;

	for (size_t index = count; index > 0; index--) {
		uint8_t byte = client->bytes[index - 1];

		if (client->version == 4) {
			text_add_number(name, byte);
		} else {
			text_add_byte(name, digits[byte & 15]);
			text_add_byte(name, '.');
			text_add_byte(name, digits[byte >> 4]);
		}
		text_add_byte(name, '.');
	}
	text_add(name, list->base);
}

/* RFC 5782 section 2.1; the part that is left out is where lists report errors. */
static bool is_listing(const struct address *address)
{
	const uint8_t *bytes = address->bytes;

	return address->version == 4 && bytes[0] == 127 && !(bytes[1] == 255 && bytes[2] == 255);
}

void blocklist_take_addresses(struct blocklist *list, enum verdict verdict,
			      const struct address *addresses, size_t count)
{
	list->address = (struct blocklist_answer){true, verdict};
	for (size_t index = 0; index < count && !list->is_broken; index++) {
		list->is_broken = !is_listing(&addresses[index]);
		list->broken_answer = addresses[index];
	}
}

void blocklist_take_text(struct blocklist *list, enum verdict verdict, struct span text)
{
	list->text = (struct blocklist_answer){true, verdict};
	if (verdict == VERDICT_YES)
		text_add(&list->reason, span_head(text, list->reason.maximum));
}

void blocklist_write_reason(struct span words, struct text *reason)
{
	text_add_printable(reason, span_head(words, BLOCKLIST_TEXT), (struct span){NULL, 0});
}

/* A list's own words with the client's address for each %IP%. */
static void fill_in(struct span words, const char *client, struct text *reason)
{
	while (words.length) {
		size_t end = span_find(words, '%');

		text_add(reason, span_head(words, end));
		words = span_tail(words, end);
		if (span_starts(words, SPAN("%IP%"))) {
			text_add_string(reason, client);
			words = span_tail(words, 4);
		} else if (words.length) {
			text_add_byte(reason, '%');
			words = span_tail(words, 1);
		}
	}
}

static void explain(const struct blocklist *list, const struct address *client, struct text *reason)
{
	char address[ADDRESS_TEXT];
	struct text words;

	address_write(client, address);
	text_init(&words, 64 * 1024);
	if (list->words.length) {
		fill_in(list->words, address, &words);
	} else if (list->reason.length) {
		text_add(&words, text_span(&list->reason));
	} else {
		text_add_string(&words, address);
		text_add_string(&words, " is listed by ");
		text_add(&words, list->base);
	}
	blocklist_write_reason(text_span(&words), reason);
	text_free(&words);
}

/* What one list says. *is_there is false while that depends on an answer that has not come. LATER:
 * it could not be found out. *is_sure is false for a listing that may be a broken list's. */
static enum verdict ask(const struct blocklist *list, bool *is_there, bool *is_sure)
{
	const struct blocklist_answer *address = &list->address, *text = &list->text;

	*is_sure = true;
	*is_there = address->is_there;
	if (!*is_there || list->is_broken)
		return VERDICT_NO;
	if (!blocklist_wants_text(list))
		return address->verdict;
	*is_there = text->is_there;
	if (text->verdict == VERDICT_YES) {
		*is_sure = address->verdict != VERDICT_LATER;
		return VERDICT_YES;
	}
	if (address->verdict == VERDICT_YES)
		return VERDICT_YES;
	return text->verdict == VERDICT_LATER ? VERDICT_LATER : address->verdict;
}

enum blocklist_step blocklist_decide(const struct blocklist *lists, size_t count,
				     const struct address *client, struct text *reason)
{
	bool is_only_for_now = false; /* some list may have known better */

	for (size_t index = 0; index < count; index++) {
		const struct blocklist *list = &lists[index];
		bool is_there, is_sure;
		enum verdict verdict = ask(list, &is_there, &is_sure);

		if (!is_there)
			return BLOCKLIST_WAIT;
		is_only_for_now = is_only_for_now || verdict == VERDICT_LATER || !is_sure;
		if (verdict == VERDICT_NO)
			continue;
		if (list->is_allowing) {
			if (verdict == VERDICT_YES || !list->fails_closed)
				return BLOCKLIST_PASS;
		} else if (verdict == VERDICT_YES) {
			explain(list, client, reason);
			return list->is_permanent && !is_only_for_now ? BLOCKLIST_REFUSE
								      : BLOCKLIST_REFUSE_NOW;
		} else if (list->fails_closed) {
			text_add_string(reason, "temporary RBL lookup error");
			return BLOCKLIST_REFUSE_NOW;
		}
	}
	return BLOCKLIST_PASS;
}
