#include "base/text.h"

#include <stdlib.h>

#include "base/copy.h"
#include "base/printable.h"

#define SMALLEST 64 /* bytes of a first allocation */

void text_init(struct text *text, size_t maximum)
{
	*text = (struct text){.maximum = maximum};
}

void text_init_in(struct text *text, char *bytes, size_t size)
{
	text_init_short(text, bytes, size, size - 1);
}

void text_init_short(struct text *text, char *bytes, size_t size, size_t maximum)
{
	*text = (struct text){.bytes = bytes, .capacity = size, .maximum = maximum, .room = bytes};
	*bytes = '\0';
}

/* Whether the bytes lie in memory that is not its own. */
static bool is_in_room(const struct text *text)
{
	return text->room && text->bytes == text->room;
}

void text_free(struct text *text)
{
	if (!is_in_room(text))
		free(text->bytes);
	text_init(text, text->maximum);
}

void text_clear(struct text *text)
{
	text->failed = false;
	text_cut(text, 0);
}

void text_wipe(struct text *text)
{
	volatile char *bytes = text->bytes; /* so that the writes are not optimised away */

	for (size_t index = 0; index < text->capacity; index++)
		bytes[index] = '\0';
	text_clear(text);
}

void text_cut(struct text *text, size_t length)
{
	if (length > text->length || !text->bytes)
		return;
	text->length = length;
	text->bytes[length] = '\0';
}

bool text_reserve(struct text *text, size_t more)
{
	size_t needed, capacity;
	char *bytes;

	if (text->failed || more > text->maximum || text->length > text->maximum - more)
		return text->failed = true, false;
	needed = text->length + more + 1;
	if (needed <= text->capacity)
		return true;
	capacity = text->capacity ? text->capacity : SMALLEST;
	while (capacity < needed)
		capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
	if (capacity > text->maximum + 1)
		capacity = text->maximum + 1;
	bytes = realloc(is_in_room(text) ? NULL : text->bytes, capacity);
	if (!bytes)
		return text->failed = true, false;
	if (is_in_room(text))
		copy_bytes(bytes, text->room, text->length);
	bytes[text->length] = '\0';
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

void text_add(struct text *text, struct span bytes)
{
	if (!text_reserve(text, bytes.length))
		return;
	copy_bytes(text->bytes + text->length, bytes.bytes, bytes.length);
	text->length += bytes.length;
	text->bytes[text->length] = '\0';
}

void text_add_string(struct text *text, const char *string)
{
	text_add(text, span_of(string));
}

void text_add_byte(struct text *text, char byte)
{
	if (!text_reserve(text, 1))
		return;
	text->bytes[text->length++] = byte;
	text->bytes[text->length] = '\0';
}

void text_add_number(struct text *text, uint64_t number)
{
	text_add_number_wide(text, number, 1);
}

void text_add_number_wide(struct text *text, uint64_t number, size_t digits)
{
	char buffer[20]; /* digits of the largest uint64_t */
	size_t start = sizeof(buffer);

	do {
		buffer[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number || (sizeof(buffer) - start < digits && start > 0));
	text_add(text, (struct span){buffer + start, sizeof(buffer) - start});
}

void text_add_folded(struct text *text, struct span bytes)
{
	size_t start = text->length;

	text_add(text, bytes);
	for (size_t index = start; index < text->length; index++)
		text->bytes[index] = byte_fold(text->bytes[index]);
}

void text_add_printable(struct text *text, struct span bytes, struct span unwanted)
{
	size_t start = text->length;

	text_add(text, bytes);
	if (text->length > start)
		printable_clean(text->bytes + start, text->length - start, unwanted);
}

struct span text_span(const struct text *text)
{
	return (struct span){text->bytes, text->length};
}

const char *text_string(const struct text *text)
{
	return text->bytes ? text->bytes : "";
}
