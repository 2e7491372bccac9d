#include "base/printable.h"

/* A few bytes are not worth a call for each that is looked at. */
static bool is_one_of(struct span few, char byte)
{
	for (size_t index = 0; index < few.length; index++)
		if (few.bytes[index] == byte)
			return true;
	return false;
}

void printable_clean(char *bytes, size_t length, struct span unwanted)
{
	for (size_t index = 0; index < length; index++) {
		char byte = bytes[index];

		if (byte < ' ' || byte > '~' || is_one_of(unwanted, byte))
			bytes[index] = '?';
	}
}

char printable_without_control(char byte)
{
	return (unsigned char)byte < ' ' || byte == 0x7f ? '?' : byte;
}
