/*
 * printable: the one place where untrusted bytes are made fit for a log, a reply or a header.
 */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stddef.h>

#include "base/span.h"

/* Replace by '?', in place, every byte outside printable ASCII (space to '~') and every byte that
 * is one of unwanted. */
void printable_clean(char *bytes, size_t length, struct span unwanted);

/* The byte, or '?' for a control character of ASCII: where bytes of UTF-8 may stand. */
char printable_without_control(char byte);

#endif
