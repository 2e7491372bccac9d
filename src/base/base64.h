/*
 * base64: bytes as text, by RFC 4648 section 4.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/span.h"
#include "base/text.h"

/* Append the text for the bytes, with its padding. */
void base64_write(struct span bytes, struct text *text);

#endif
