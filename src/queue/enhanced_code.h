/*
 * enhanced_code: "5.1.1", the enhanced mail system status codes in what others say.
 *
 * Follows RFC 3463 section 2: a class, 2, 4 or 5, then two numbers of up to three digits.
 */
#ifndef QUEUE_ENHANCED_CODE_H
#define QUEUE_ENHANCED_CODE_H

#include "base/span.h"

/* The code that a text begins with, as replies of SMTP do: it is all of the text, or a blank or an
 * LF is behind it. Empty when there is none. */
struct span enhanced_code_at_start(struct span text);

/* The code in "(#5.1.1)", with which a text ends, as those of qmail do. Empty when there is none.
 */
struct span enhanced_code_at_end(struct span text);

#endif
