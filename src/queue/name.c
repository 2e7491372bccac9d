#include "queue/name.h"

#define LONGEST_HOST 200 /* bytes as written; a file name may have 255 */

static void write_host(struct span host, struct text *text)
{
	size_t start = text->length;

	for (size_t index = 0; index < host.length && text->length - start < LONGEST_HOST;
	     index++) {
		char byte = host.bytes[index];

		if (byte == '/')
			text_add_string(text, "\\057");
		else if (byte == ':')
			text_add_string(text, "\\072");
		else
			text_add_byte(text, byte > ' ' && byte <= '~' && byte != ',' ? byte : '?');
	}
	if (host.length == 0)
		text_add_string(text, "localhost");
}

void name_write(const struct name *name, struct text *text)
{
	text_add_number(text, name->seconds);
	text_add_string(text, ".M");
	text_add_number(text, name->microseconds);
	text_add_byte(text, 'P');
	text_add_number(text, name->process);
	text_add_byte(text, '.');
	write_host(name->host, text);
	text_add_string(text, ",S=");
	text_add_number(text, name->size);
}
