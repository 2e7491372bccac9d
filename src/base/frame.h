/*
 * frame: what one process writes to another over a stream: a kind, and fields behind it.
 *
 * A frame is its kind and the length of its fields, four bytes each, then the fields. A field is a
 * number of eight bytes, or a length of four bytes and so many bytes. Both processes run on one
 * machine, so numbers are in its own byte order. The reader believes nothing: a field that reaches
 * beyond its frame is not there.
 */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

#define FRAME_HEADER 8 /* bytes in front of the fields */

struct frame {
	uint32_t kind;
	uint32_t length; /* of the fields, bytes */
};

/* Append the header of a frame, whose fields are appended next, or follow by another way. Returns
 * where it begins, for frame_end. */
size_t frame_begin(struct text *out, uint32_t kind);

/* Append a field. */
void frame_add_number(struct text *out, uint64_t number);
void frame_add_span(struct text *out, struct span bytes);

/* The fields are there, but for so many bytes that follow by another way: write the length into the
 * header. Sets out->failed when there are too many. */
void frame_end(struct text *out, size_t start, size_t more);

/* Read a header; false when it is not all there. */
bool frame_read(struct span bytes, struct frame *frame);

/* Cut the next field off the front of *fields; false, and nothing changed, when it is none. A span
 * points into *fields. */
bool frame_take_number(struct span *fields, uint64_t *number);
bool frame_take_span(struct span *fields, struct span *bytes);

#endif
