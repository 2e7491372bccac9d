#include "base/frame.h"

static void add_bytes(struct text *out, const void *bytes, size_t length)
{
	text_add(out, (struct span){(const char *)bytes, length});
}

size_t frame_begin(struct text *out, uint32_t kind)
{
	const struct frame frame = {.kind = kind};
	size_t start = out->length;

	add_bytes(out, &frame.kind, sizeof(frame.kind));
	add_bytes(out, &frame.length, sizeof(frame.length));
	return start;
}

void frame_add_number(struct text *out, uint64_t number)
{
	add_bytes(out, &number, sizeof(number));
}

void frame_add_span(struct text *out, struct span bytes)
{
	uint32_t length = (uint32_t)bytes.length;

	if (bytes.length > UINT32_MAX) {
		out->failed = true;
		return;
	}
	add_bytes(out, &length, sizeof(length));
	text_add(out, bytes);
}

void frame_end(struct text *out, size_t start, size_t more)
{
	size_t there = out->failed ? 0 : out->length - start - FRAME_HEADER;
	uint32_t length = (uint32_t)(there + more);

	if (more > UINT32_MAX || there > UINT32_MAX - more)
		out->failed = true;
	if (!out->failed)
		memcpy(out->bytes + start + sizeof(uint32_t), &length, sizeof(length));
}

bool frame_read(struct span bytes, struct frame *frame)
{
	if (bytes.length < FRAME_HEADER)
		return false;
	memcpy(&frame->kind, bytes.bytes, sizeof(frame->kind));
	memcpy(&frame->length, bytes.bytes + sizeof(frame->kind), sizeof(frame->length));
	return true;
}

bool frame_take_number(struct span *fields, uint64_t *number)
{
	if (fields->length < sizeof(*number))
		return false;
	memcpy(number, fields->bytes, sizeof(*number));
	*fields = span_tail(*fields, sizeof(*number));
	return true;
}

bool frame_take_span(struct span *fields, struct span *bytes)
{
	uint32_t length;

	if (fields->length < sizeof(length))
		return false;
	memcpy(&length, fields->bytes, sizeof(length));
	if (length > fields->length - sizeof(length))
		return false;
	*bytes = span_head(span_tail(*fields, sizeof(length)), length);
	*fields = span_tail(*fields, sizeof(length) + length);
	return true;
}
