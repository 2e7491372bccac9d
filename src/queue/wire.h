/*
 * wire: a stored message in the form in which SMTP sends it: CRLF behind each line, dots doubled,
 * and a line with a dot at the end.
 *
 * A CR that does not belong to a line's end becomes a blank: some servers take it as one, and
 * whoever wrote the message could then end it early and go on with commands of his own.
 */
#ifndef QUEUE_WIRE_H
#define QUEUE_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

struct wire {
	bool is_inside_line;
	bool has_cr; /* the last byte was one, which is not written yet */
};

/* Append what goes out for these bytes of the message, at most three times as many and one. A new
 * message begins with a zeroed wire. */
void wire_write(struct wire *wire, struct span bytes, struct text *out);

/* Append its end, at most 6 bytes. */
void wire_end(struct wire *wire, struct text *out);

/* How many bytes go out for these, and at the end, as the SIZE of a message counts them: without
 * the dots that are doubled and the line with a dot (RFC 1870 section 5). A message is measured
 * with a wire of its own. */
uint64_t wire_measure(struct wire *wire, struct span bytes);
uint64_t wire_measure_end(const struct wire *wire);

#endif
