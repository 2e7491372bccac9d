#include "host/trouble.h"

#include <errno.h>
#include <string.h>

enum queue_status trouble(enum queue_status status, const char *what, const char *place,
			  struct text *why)
{
	bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	text_add_string(why, "unable to ");
	text_add_string(why, what);
	text_add_byte(why, ' ');
	text_add_string(why, place);
	text_add_string(why, ": ");
	text_add_string(why, strerror(errno));
	return is_full ? QUEUE_WRITE_ERROR : status;
}
