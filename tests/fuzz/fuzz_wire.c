/*
 * Any bytes as a message that goes out by SMTP: whatever is in it, it ends where it ends and not
 * before, is as large as it was measured, and a server of our own hears the same lines; and the
 * ends of lines that addcr and delcr change are changed alike however the bytes come.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/crlf.h"
#include "base/text.h"
#include "queue/wire.h"
#include "smtp/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void send_message(struct span message, size_t piece, struct text *out)
{
	struct wire wire = {.is_inside_line = false};

	for (; message.length; message = span_tail(message, piece))
		wire_write(&wire, span_head(message, piece), out);
	wire_end(&wire, out);
	assert(!out->failed);
}

/* What goes out is as large as was measured, but for the doubled dots and the last line. */
static void check_size(struct span sent, struct span message, size_t piece)
{
	struct wire wire = {.is_inside_line = false};
	uint64_t size = 0, doubled = 0;
	struct span line;

	for (struct span rest = message; rest.length; rest = span_tail(rest, piece))
		size += wire_measure(&wire, span_head(rest, piece));
	size += wire_measure_end(&wire);
	for (struct span rest = sent; span_next_line(&rest, &line);)
		doubled += span_starts(line, SPAN(".."));
	assert(size + doubled + 3 == sent.length);
}

static void take(void *world, struct span bytes)
{
	text_add(world, bytes);
}

/* What a server keeps: CR LF is LF, a CR alone a blank, and the last line has its end. */
static void write_kept(struct span message, struct text *kept)
{
	for (size_t index = 0; index < message.length; index++)
		if (message.bytes[index] != '\r')
			text_add_byte(kept, message.bytes[index]);
		else if (index + 1 < message.length && message.bytes[index + 1] != '\n')
			text_add_byte(kept, ' ');
	if (message.length && message.bytes[message.length - 1] != '\n')
		text_add_byte(kept, '\n');
}

static void check_heard(struct span sent, struct span message, size_t piece)
{
	static struct smtp_body body;
	static char room[BODY_ROOM];
	enum body_step step = BODY_MORE;
	struct text heard, kept;

	text_init(&heard, 4 * 1024 * 1024);
	text_init(&kept, 4 * 1024 * 1024);
	body_start(&body, 0, room);
	body.world = &heard;
	body.put = take;
	while (sent.length && step == BODY_MORE) {
		struct span part = span_head(sent, piece);
		size_t given = part.length;

		step = body_data(&body, &part);
		sent = span_tail(sent, given - part.length);
	}
	assert(step == BODY_END && sent.length == 0);
	body_finish(&body);
	write_kept(message, &kept);
	if (!body.has_too_many_hops)
		assert(span_equal(text_span(&heard), text_span(&kept)));
	text_free(&heard);
	text_free(&kept);
}

static void convert(struct span bytes, enum crlf_change change, size_t piece, struct text *out)
{
	struct crlf crlf = {.change = change};
	char *room = malloc(CRLF_ROOM(piece));

	for (; room && bytes.length; bytes = span_tail(bytes, piece)) {
		size_t count = crlf_convert(&crlf, span_head(bytes, piece), room);

		assert(count <= CRLF_ROOM(piece));
		text_add(out, (struct span){room, count});
	}
	if (room)
		text_add(out, (struct span){room, crlf_finish(&crlf, room)});
	free(room);
}

static void check_ends(struct span bytes)
{
	struct text added, pieces, back;

	text_init(&added, 4 * 1024 * 1024);
	text_init(&pieces, 4 * 1024 * 1024);
	text_init(&back, 4 * 1024 * 1024);
	for (enum crlf_change change = CRLF_ADD; change <= CRLF_REMOVE; change++) {
		text_clear(&added);
		text_clear(&pieces);
		convert(bytes, change, bytes.length + 1, &added);
		convert(bytes, change, 1, &pieces);
		assert(span_equal(text_span(&added), text_span(&pieces)));
		if (change == CRLF_ADD) {
			convert(text_span(&added), CRLF_REMOVE, 3, &back);
			assert(span_equal(text_span(&back), bytes));
		}
	}
	text_free(&added);
	text_free(&pieces);
	text_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span message = {(const char *)bytes, size};
	struct text whole, pieces;

	text_init(&whole, 3 * size + 7);
	text_init(&pieces, 3 * size + 7);
	send_message(message, size + 1, &whole);
	send_message(message, 1, &pieces);
	assert(span_equal(text_span(&whole), text_span(&pieces)));
	check_size(text_span(&whole), message, size + 1);
	check_size(text_span(&whole), message, 1);
	check_heard(text_span(&whole), message, whole.length);
	check_heard(text_span(&whole), message, 1);
	check_ends(message);
	text_free(&whole);
	text_free(&pieces);
	return 0;
}
