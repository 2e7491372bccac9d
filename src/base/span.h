/*
 * span: bytes that somebody else owns, as a pointer and a length.
 *
 * Passed by value and never freed. Whatever came from the network is a span, never a C string: NUL
 * is a byte like all others. An empty span may have a null pointer. Letters are folded as ASCII
 * only, whatever the locale.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *bytes;
	size_t length; /* bytes */
};

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

/* The bytes of a C string without its NUL. A null string is the empty span. */
static inline struct span span_of(const char *string)
{
	return (struct span){string, string ? strlen(string) : 0};
}

/* The byte at index, as an unsigned value; -1 at and after the end. */
static inline int span_byte(struct span span, size_t index)
{
	return index < span.length ? (unsigned char)span.bytes[index] : -1;
}

/* Index of the first or last such byte; span.length when there is none. */
static inline size_t span_find(struct span span, char byte)
{
	const char *found =
		span.length ? (const char *)memchr(span.bytes, byte, span.length) : NULL;

	return found ? (size_t)(found - span.bytes) : span.length;
}
size_t span_find_last(struct span span, char byte);

/* The first count bytes, and what follows them. A count beyond the length means the length. */
static inline struct span span_head(struct span span, size_t count)
{
	return (struct span){span.bytes, count < span.length ? count : span.length};
}
static inline struct span span_tail(struct span span, size_t count)
{
	if (count > span.length)
		count = span.length;
	return (struct span){span.bytes ? span.bytes + count : NULL, span.length - count};
}

/* The span without the blanks (space, tab) at its end, and at its start. */
struct span span_trim_end(struct span span);
struct span span_trim_start(struct span span);

bool span_equal(struct span left, struct span right);
bool span_equal_folded(struct span left, struct span right);
bool span_starts(struct span span, struct span prefix);
bool span_starts_folded(struct span span, struct span prefix);
bool span_ends_folded(struct span span, struct span suffix);

/* Cut the next line off the front of *rest. The line has no LF; the last one may lack it. False
 * when *rest is empty. */
bool span_next_line(struct span *rest, struct span *line);

/* The byte with A to Z made lower case. */
char byte_fold(char byte);

bool span_has(struct span span, char byte);

/* Whether there is a control character of ASCII in it. */
bool span_has_control(struct span span);

#endif
