/*
 * copy: memcpy(3) for what is mostly short.
 *
 * A C library may take longer to begin than to copy a word or a line of text: musl's takes some 30
 * nanoseconds for a byte.
 */
#ifndef BASE_COPY_H
#define BASE_COPY_H

#include <stddef.h>
#include <string.h>

#define COPY_SHORT 128 /* bytes; what is longer is worth the call */

/* Copy length bytes. The two places may not overlap, and may be null where there is nothing. */
static inline void copy_bytes(char *to, const char *from, size_t length)
{
	if (length > COPY_SHORT) {
		memcpy(to, from, length);
	} else if (length >= 16) {
		for (size_t index = 0; index < length - 16; index += 16)
			memcpy(to + index, from + index, 16);
		memcpy(to + length - 16, from + length - 16, 16); /* the last two may overlap */
	} else if (length >= 8) {
		memcpy(to, from, 8);
		memcpy(to + length - 8, from + length - 8, 8);
	} else if (length >= 4) {
		memcpy(to, from, 4);
		memcpy(to + length - 4, from + length - 4, 4);
	} else if (length) {
		to[0] = from[0];
		to[length / 2] = from[length / 2];
		to[length - 1] = from[length - 1];
	}
}

#endif
