/*
 * capture: what a piece of code writes to descriptor 2, as text.
 */
#ifndef TESTS_SUPPORT_CAPTURE_H
#define TESTS_SUPPORT_CAPTURE_H

#include "base/text.h"

struct capture {
	int file, saved;
};

struct capture capture_begin(void);

/* Descriptor 2 is as before; what was written is appended to *said. */
void capture_end(struct capture *capture, struct text *said);

#endif
