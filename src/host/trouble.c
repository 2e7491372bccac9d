#include "host/trouble.h"

#include <errno.h>

#include "unix/reason.h"

enum queue_status trouble(enum queue_status status, const char *what, const char *place,
			  struct text *why)
{
	bool is_full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	reason_add(why, what, place);
	return is_full ? QUEUE_WRITE_ERROR : status;
}
