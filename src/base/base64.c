#include "base/base64.h"

#include <stdint.h>

void base64_write(struct span bytes, struct text *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (; bytes.length; bytes = span_tail(bytes, 3)) {
		uint32_t group = 0;

		for (size_t index = 0; index < 3; index++) {
			int byte = span_byte(bytes, index);

			group = group << 8 | (uint32_t)(byte == -1 ? 0 : byte);
		}
		for (size_t index = 0; index < 4; index++)
			text_add_byte(text, index <= bytes.length
						    ? digits[group >> (18 - 6 * index) & 63]
						    : '=');
	}
}
