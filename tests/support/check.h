/* What every cmocka test includes, in the order that cmocka needs. */
#ifndef TESTS_SUPPORT_CHECK_H
#define TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/span.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

/* What a static table of cases initializes a span with. */
#define BYTES(literal)                         \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

/* Fails, naming the case and both sides, unless the span holds just this string. */
#define CHECK_SPAN(name, value, expected)                                              \
	do {                                                                           \
		struct span got = (value);                                             \
		if (!span_equal(got, span_of(expected)))                               \
			fail_msg("%s: \"%.*s\" and not \"%s\"", name, (int)got.length, \
				 got.length ? got.bytes : "", expected);               \
	} while (0)

#endif
