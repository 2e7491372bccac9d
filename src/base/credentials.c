#include "base/credentials.h"

static bool next_field(struct span *rest, struct span *field)
{
	size_t end = span_find(*rest, '\0');

	*field = span_head(*rest, end);
	if (end == rest->length)
		return false;
	*rest = span_tail(*rest, end + 1);
	return true;
}

bool credentials_read(struct span message, struct span *name, struct span *password)
{
	struct span timestamp;

	return message.length <= CREDENTIALS_LARGEST && next_field(&message, name) &&
	       next_field(&message, password) && next_field(&message, &timestamp);
}
