/*
 * text: bytes that grow up to a maximum fixed at the start, in memory that this struct owns, or
 * that its caller has given.
 *
 * An append that would pass the maximum, or that finds no memory, changes nothing and sets failed,
 * which stays set until text_clear: a chain of appends is tested once, at its end. The bytes are
 * followed by a NUL that does not count, so a text without NULs is also a C string.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct text {
	char *bytes;	 /* never null after an append that did not fail */
	size_t length;	 /* bytes in use */
	size_t capacity; /* bytes there is room for, the NUL's included */
	size_t maximum;	 /* most bytes it may hold */
	char *room;	 /* memory of the caller's that bytes may be, or NULL */
	bool failed;
};

/* Take no memory yet. */
void text_init(struct text *text, size_t maximum);

/* Use memory of the caller's, size bytes that outlive the text, and no other: it holds size - 1
 * bytes. */
void text_init_in(struct text *text, char *bytes, size_t size);

/* Use memory of the caller's, size bytes that outlive the text, as long as they are enough: for
 * texts that are nearly always short. What holds both must not be copied. Not for secrets: what has
 * been moved to other memory stays in this. */
void text_init_short(struct text *text, char *bytes, size_t size, size_t maximum);

/* Give the memory back; the text is as after text_init. */
void text_free(struct text *text);

/* Forget bytes and failure, keep the memory. */
void text_clear(struct text *text);

/* Overwrite the bytes, for secrets, then forget them like text_clear. What an append had to move
 * while the text grew is not overwritten: reserve room first. */
void text_wipe(struct text *text);

/* Forget all bytes after the first length ones. */
void text_cut(struct text *text, size_t length);

/* Append. The bytes may not lie in the text itself. */
void text_add(struct text *text, struct span bytes);
void text_add_string(struct text *text, const char *string);
void text_add_byte(struct text *text, char byte);
void text_add_number(struct text *text, uint64_t number);		      /* decimal */
void text_add_number_wide(struct text *text, uint64_t number, size_t digits); /* with zeros */
void text_add_folded(struct text *text, struct span bytes);		      /* lower case */
void text_add_printable(struct text *text, struct span bytes, struct span unwanted);

/* Make room for so many more bytes; false, and failed set, when there is none. */
bool text_reserve(struct text *text, size_t more);

struct span text_span(const struct text *text);

/* The bytes as a C string, "" for a text never appended to. */
const char *text_string(const struct text *text);

#endif
