/*
 * utf8: which bytes are UTF-8, RFC 3629.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>

#include "base/span.h"

/* Bytes of the character that begins at index, 1 to 4; 0 when none does. */
size_t utf8_length(struct span text, size_t index);

/* Whether it begins with the byte order mark that some editors write, section 6. */
bool utf8_has_mark(struct span text);

/* Whether it is UTF-8 from its first byte to its last. */
bool utf8_is_valid(struct span text);

#endif
