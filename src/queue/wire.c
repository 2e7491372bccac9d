#include "queue/wire.h"

static size_t plain_length(struct span bytes)
{
	size_t index = 0;

	while (index < bytes.length && bytes.bytes[index] != '\n' && bytes.bytes[index] != '\r')
		index++;
	return index;
}

void wire_write(struct wire *wire, struct span bytes, struct text *out)
{
	while (bytes.length) {
		size_t length = plain_length(bytes);

		if (wire->has_cr && bytes.bytes[0] != '\n') {
			text_add_byte(out, ' ');
			wire->is_inside_line = true;
		}
		wire->has_cr = false;
		if (length) {
			if (!wire->is_inside_line && bytes.bytes[0] == '.')
				text_add_byte(out, '.');
			text_add(out, span_head(bytes, length));
			wire->is_inside_line = true;
		}
		bytes = span_tail(bytes, length);
		if (bytes.length == 0)
			break;
		if (bytes.bytes[0] == '\n') {
			text_add(out, SPAN("\r\n"));
			wire->is_inside_line = false;
		} else {
			wire->has_cr = true;
		}
		bytes = span_tail(bytes, 1);
	}
}

void wire_end(struct wire *wire, struct text *out)
{
	if (wire->is_inside_line || wire->has_cr)
		text_add(out, SPAN("\r\n"));
	text_add(out, SPAN(".\r\n"));
}

uint64_t wire_measure(struct wire *wire, struct span bytes)
{
	uint64_t size = 0;

	for (size_t index = 0; index < bytes.length; index++) {
		char byte = bytes.bytes[index];

		if (byte == '\n') {
			size += 2;
			wire->is_inside_line = false;
		} else if (wire->has_cr || byte != '\r') {
			size += (wire->has_cr ? 1U : 0U) + (byte != '\r' ? 1U : 0U);
			wire->is_inside_line = true;
		}
		wire->has_cr = byte == '\r';
	}
	return size;
}

uint64_t wire_measure_end(const struct wire *wire)
{
	return wire->is_inside_line || wire->has_cr ? 2 : 0;
}
