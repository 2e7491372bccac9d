/*
 * number: decimal digits to unsigned numbers, with limits and nothing tolerated around them.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Read a whole string or span of one or more digits. False, and *number unchanged, when there is
 * any other byte, no digit, or a value outside minimum to maximum. */
bool number_read(const char *string, uint32_t minimum, uint32_t maximum, uint32_t *number);
bool number_read_span(struct span digits, uint64_t maximum, uint64_t *number);

#endif
