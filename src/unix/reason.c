#include "unix/reason.h"

#include <errno.h>
#include <string.h>

void reason_add(struct text *why, const char *what, const char *object)
{
	int number = errno; /* an append that finds no memory changes it */

	text_add_string(why, "unable to ");
	text_add_string(why, what);
	if (object) {
		text_add_byte(why, ' ');
		text_add_string(why, object);
	}
	text_add_string(why, ": ");
	text_add_string(why, strerror(number));
	errno = number;
}
