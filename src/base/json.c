#include "base/json.h"

#include "base/utf8.h"

static void add_escape(struct text *out, int byte)
{
	static const char digits[] = "0123456789abcdef";

	text_add_string(out, "\\u00");
	text_add_byte(out, digits[byte >> 4 & 15]);
	text_add_byte(out, digits[byte & 15]);
}

void json_string(struct text *out, struct span bytes)
{
	size_t index = 0;

	text_add_byte(out, '"');
	while (index < bytes.length) {
		int byte = span_byte(bytes, index);
		size_t length = utf8_length(bytes, index);

		if (length == 0)
			text_add_string(out, "\xef\xbf\xbd");
		else if (byte < ' ' || byte == 0x7f)
			add_escape(out, byte);
		else {
			if (byte == '"' || byte == '\\')
				text_add_byte(out, '\\');
			text_add(out, span_head(span_tail(bytes, index), length));
		}
		index += length ? length : 1;
	}
	text_add_byte(out, '"');
}

void json_name(struct text *out, bool is_first, const char *name)
{
	if (!is_first)
		text_add_byte(out, ',');
	json_string(out, span_of(name));
	text_add_byte(out, ':');
}

void json_member(struct text *out, bool is_first, const char *name, struct span value)
{
	json_name(out, is_first, name);
	if (value.bytes)
		json_string(out, value);
	else
		text_add_string(out, "null");
}

void json_member_number(struct text *out, bool is_first, const char *name, uint64_t number)
{
	json_name(out, is_first, name);
	text_add_number(out, number);
}

void json_member_bool(struct text *out, bool is_first, const char *name, bool value)
{
	json_name(out, is_first, name);
	text_add_string(out, value ? "true" : "false");
}
