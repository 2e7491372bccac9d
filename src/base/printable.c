#include "base/printable.h"

void printable_clean(char *bytes, size_t length, struct span unwanted)
{
	for (size_t index = 0; index < length; index++) {
		char byte = bytes[index];

		if (byte < ' ' || byte > '~' || span_find(unwanted, byte) < unwanted.length)
			bytes[index] = '?';
	}
}

char printable_without_control(char byte)
{
	return (unsigned char)byte < ' ' || byte == 0x7f ? '?' : byte;
}
