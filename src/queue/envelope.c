#include "queue/envelope.h"

#include "base/printable.h"
#include "queue/mailbox.h"

void envelope_init(struct envelope *envelope)
{
	envelope->step = ENVELOPE_MORE;
	envelope->item = 0;
	text_init_short(&envelope->bytes, envelope->short_bytes, sizeof(envelope->short_bytes),
			ENVELOPE_LARGEST);
}

void envelope_free(struct envelope *envelope)
{
	text_free(&envelope->bytes);
}

/* Look at the items behind those that were found complete before. */
static enum envelope_step advance(struct envelope *envelope)
{
	for (;;) {
		struct span item = span_tail(text_span(&envelope->bytes), envelope->item);
		int letter = span_byte(item, 0);
		size_t end;

		if (letter == -1)
			return ENVELOPE_MORE;
		if (letter == '\0' && envelope->item > 0) {
			text_cut(&envelope->bytes, envelope->item + 1);
			return ENVELOPE_DONE;
		}
		if (letter != (envelope->item == 0 ? 'F' : 'T'))
			return ENVELOPE_GARBAGE;
		end = span_find(span_head(item, 1 + ENVELOPE_ADDRESS + 1), '\0');
		if (end > 1 + ENVELOPE_ADDRESS)
			return ENVELOPE_TOO_LONG;
		if (end == item.length)
			return ENVELOPE_MORE;
		envelope->item += end + 1;
	}
}

enum envelope_step envelope_feed(struct envelope *envelope, struct span bytes)
{
	if (envelope->step != ENVELOPE_MORE)
		return envelope->step;
	text_add(&envelope->bytes, bytes);
	envelope->step = envelope->bytes.failed ? ENVELOPE_FULL : advance(envelope);
	return envelope->step;
}

struct span envelope_sender(const struct envelope *envelope)
{
	struct span rest = span_tail(text_span(&envelope->bytes), 1);

	return span_head(rest, span_find(rest, '\0'));
}

bool envelope_recipient(const struct envelope *envelope, size_t *position, struct span *recipient)
{
	struct span rest;

	if (*position == 0)
		*position = 1 + envelope_sender(envelope).length + 1;
	rest = span_tail(text_span(&envelope->bytes), *position);
	if (span_byte(rest, 0) != 'T')
		return false;
	rest = span_tail(rest, 1);
	*recipient = span_head(rest, span_find(rest, '\0'));
	*position += 1 + recipient->length + 1;
	return true;
}

static bool lacks_domain(struct span address)
{
	return address.length && span_find(address, '@') == address.length;
}

bool envelope_lacks_domain(const struct envelope *envelope)
{
	bool is_found = lacks_domain(envelope_sender(envelope));
	struct span recipient;
	size_t position = 0;

	while (!is_found && envelope_recipient(envelope, &position, &recipient))
		is_found = lacks_domain(recipient);
	return is_found;
}

static void add_item(struct text *items, char letter, struct span address, struct span domain)
{
	text_add_byte(items, letter);
	text_add(items, address);
	if (lacks_domain(address)) {
		text_add_byte(items, '@');
		text_add(items, domain);
	}
	text_add_byte(items, '\0');
}

enum envelope_step envelope_complete(struct envelope *envelope, struct span domain)
{
	struct span recipient;
	size_t position = 0;
	struct text items;

	text_init(&items, ENVELOPE_LARGEST);
	add_item(&items, 'F', envelope_sender(envelope), domain);
	while (envelope_recipient(envelope, &position, &recipient))
		add_item(&items, 'T', recipient, domain);
	text_add_byte(&items, '\0');
	envelope_free(envelope);
	envelope_init(envelope);
	envelope_feed(envelope, text_span(&items));
	if (items.failed)
		envelope->step = ENVELOPE_FULL;
	text_free(&items);
	return envelope->step;
}

/* An address as it is. */
static void write_address(struct span address, struct text *lines)
{
	text_add_byte(lines, '<');
	for (size_t index = 0; index < address.length; index++)
		text_add_byte(lines, printable_without_control(address.bytes[index]));
	text_add_byte(lines, '>');
}

void envelope_write_lines(const struct envelope *envelope, struct text *lines)
{
	struct span recipient;
	size_t position = 0;

	text_add_string(lines, "Return-Path: ");
	text_add_byte(lines, '<');
	mailbox_write(envelope_sender(envelope), lines);
	text_add_string(lines, ">\n");
	while (envelope_recipient(envelope, &position, &recipient)) {
		text_add_string(lines, "X-Envelope-To: ");
		write_address(recipient, lines);
		text_add_byte(lines, '\n');
	}
}

enum queue_status envelope_status(enum envelope_step step)
{
	switch (step) {
	case ENVELOPE_DONE: return QUEUE_OK;
	case ENVELOPE_MORE: return QUEUE_READ_ERROR;
	case ENVELOPE_TOO_LONG: return QUEUE_ADDRESS_TOO_LONG;
	case ENVELOPE_GARBAGE: return QUEUE_BAD_ENVELOPE;
	case ENVELOPE_FULL: break;
	}
	return QUEUE_NO_MEMORY;
}
