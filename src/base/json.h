/*
 * json: strings for JSON texts, RFC 8259, from any bytes.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

/* Append a string in its quotes. A byte that belongs to no UTF-8 character is U+FFFD. */
void json_string(struct text *out, struct span bytes);

/* Append "name": and a value; is_first: it is the first member of its object, and no comma stands
 * before it. A span with a null pointer is null. */
void json_name(struct text *out, bool is_first, const char *name);
void json_member(struct text *out, bool is_first, const char *name, struct span value);
void json_member_number(struct text *out, bool is_first, const char *name, uint64_t number);
void json_member_bool(struct text *out, bool is_first, const char *name, bool value);

#endif
