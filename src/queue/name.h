/*
 * name: a file name for a new message in a Maildir, unlike any other on all hosts that share it.
 *
 * The form is the Maildir convention's: seconds, a dot, M microseconds, P process, a dot, the
 * host's name, and ",S=" with the file's size in bytes, which saves its readers a look at the file.
 * A host name cannot lead out of the directory nor begin the flags: '/' and ':' in it are written
 * \057 and \072, and bytes that are not printable '?'.
 */
#ifndef QUEUE_NAME_H
#define QUEUE_NAME_H

#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

struct name {
	uint64_t seconds, microseconds; /* of the time of arrival */
	uint64_t process;
	struct span host; /* its end is dropped where it is very long; empty: localhost */
	uint64_t size;	  /* bytes */
};

/* Append the name. */
void name_write(const struct name *name, struct text *text);

#endif
