#include "base/utf8.h"

#include <stdint.h>

size_t utf8_length(struct span text, size_t index)
{
	int begin = span_byte(text, index);
	uint32_t first = (uint32_t)begin, value, least;
	unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;

	if (begin < 0)
		return 0;
	if (more == 0)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	value = first & (0x3fU >> more);
	for (unsigned offset = 1; offset <= more; offset++) {
		int byte = span_byte(text, index + offset);

		if (byte < 0x80 || byte > 0xbf)
			return 0;
		value = value << 6 | ((uint32_t)byte & 0x3f);
	}
	least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
	if (value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return more + 1;
}

bool utf8_has_mark(struct span text)
{
	return span_starts(text, SPAN("\xef\xbb\xbf"));
}

bool utf8_is_valid(struct span text)
{
	size_t index = 0, length = 1;

	while (index < text.length && length) {
		length = utf8_length(text, index);
		index += length;
	}
	return length != 0;
}
