/*
 * Any bytes as an envelope: cut into pieces it is read in the same way; of one that is complete all
 * that is written for others, header lines, a command line, netstrings, holds these addresses and
 * nothing besides.
 */
#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "queue/envelope.h"
#include "queue/qmqp.h"
#include "queue/sendmail.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void feed(struct envelope *envelope, struct span bytes, size_t piece)
{
	enum envelope_step step = ENVELOPE_MORE;

	while (bytes.length && step == ENVELOPE_MORE) {
		step = envelope_feed(envelope, span_head(bytes, piece));
		assert(step == envelope->step);
		bytes = span_tail(bytes, piece);
	}
}

/* Its addresses put together are the bytes that were read. Returns how many recipients it has. */
static size_t check_addresses(const struct envelope *envelope)
{
	struct span recipient, all = text_span(&envelope->bytes);
	struct text again;
	size_t position = 0, count = 0;

	text_init(&again, ENVELOPE_LARGEST);
	text_add_byte(&again, 'F');
	text_add(&again, envelope_sender(envelope));
	text_add_byte(&again, '\0');
	while (envelope_recipient(envelope, &position, &recipient)) {
		assert(recipient.length <= ENVELOPE_ADDRESS);
		text_add_byte(&again, 'T');
		text_add(&again, recipient);
		text_add_byte(&again, '\0');
		count++;
	}
	text_add_byte(&again, '\0');
	assert(span_starts(all, text_span(&again)));
	text_free(&again);
	return count;
}

static void check_lines(const struct envelope *envelope, size_t count)
{
	struct text lines;
	struct span rest, line;
	size_t found = 0;

	text_init(&lines, 8 * ENVELOPE_LARGEST);
	envelope_write_lines(envelope, &lines);
	rest = text_span(&lines);
	while (span_next_line(&rest, &line)) {
		assert(span_starts(line,
				   found ? SPAN("X-Envelope-To: <") : SPAN("Return-Path: <")));
		assert(line.bytes[line.length - 1] == '>');
		for (size_t index = 0; index < line.length; index++)
			assert(span_byte(line, index) >= ' ' && line.bytes[index] != 0x7f);
		found++;
	}
	assert(found == count + 1 && !lines.failed);
	text_free(&lines);
}

static void check_command(const struct envelope *envelope, size_t count)
{
	struct sendmail sendmail;
	struct text why;
	size_t arguments = 0;

	text_init(&why, 2000);
	switch (sendmail_init(&sendmail, "sendmail", envelope, &why)) {
	case SENDMAIL_READY:
		while (sendmail.arguments[arguments])
			arguments++;
		assert(arguments == 5 + count);
		assert(strcmp(sendmail.arguments[2], "-f") == 0);
		assert(strcmp(sendmail.arguments[4], "--") == 0);
		break;
	case SENDMAIL_NO_ADDRESS:
		for (size_t index = 0; index < why.length; index++)
			assert(why.bytes[index] >= ' ' && why.bytes[index] <= '~');
		break;
	case SENDMAIL_NO_MEMORY: break;
	}
	sendmail_free(&sendmail);
	text_free(&why);
}

/* Cut a netstring off the front. */
static struct span netstring(struct span *rest)
{
	size_t colon = span_find(*rest, ':');
	struct span inner;
	uint64_t number;
	size_t length;

	assert(number_read_span(span_head(*rest, colon), rest->length, &number));
	length = (size_t)number;
	inner = span_head(span_tail(*rest, colon + 1), length);
	assert(inner.length == length && span_byte(*rest, colon + 1 + length) == ',');
	*rest = span_tail(*rest, colon + 1 + length + 1);
	return inner;
}

static void check_netstrings(const struct envelope *envelope)
{
	struct text all, behind;
	struct span rest, inner, recipient;
	size_t position = 0;

	text_init(&all, 3 * ENVELOPE_LARGEST);
	text_init(&behind, 3 * ENVELOPE_LARGEST);
	qmqp_write(envelope, 7, &all, &behind);
	text_add_string(&all, "message");
	text_add(&all, text_span(&behind));
	rest = text_span(&all);
	inner = netstring(&rest);
	assert(rest.length == 0);
	assert(span_equal(netstring(&inner), SPAN("message")));
	assert(span_equal(netstring(&inner), envelope_sender(envelope)));
	while (envelope_recipient(envelope, &position, &recipient))
		assert(span_equal(netstring(&inner), recipient));
	assert(inner.length == 0);
	text_free(&all);
	text_free(&behind);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = {(const char *)bytes, size};
	struct envelope whole, pieces;

	envelope_init(&whole);
	envelope_init(&pieces);
	feed(&whole, input, size);
	feed(&pieces, input, 1 + size / 7);
	assert(whole.step == pieces.step);
	assert((envelope_status(whole.step) == QUEUE_OK) == (whole.step == ENVELOPE_DONE));
	if (whole.step == ENVELOPE_DONE) {
		size_t count = check_addresses(&whole);

		assert(check_addresses(&pieces) == count);
		check_lines(&whole, count);
		check_command(&whole, count);
		check_netstrings(&whole);
	}
	envelope_free(&whole);
	envelope_free(&pieces);
	return 0;
}
