#include "unix/names_wanted.h"

#include "base/number.h"

#define LONGEST_TIMEOUT 86400 /* seconds */

const char *names_wanted_option(struct names_wanted *wanted, int letter, const char *value)
{
	switch (letter) {
	case 'h':
	case 'H':
		wanted->remote_host = letter == 'h';
		wanted->is_remote_host_said = true;
		return NULL;
	case 'p': wanted->is_paranoid = true; return NULL;
	case 'P': wanted->is_paranoid = false; return NULL;
	case 'r': wanted->remote_info = true; return NULL;
	case 'R': wanted->remote_info = false; return NULL;
	case 'l': wanted->local_host = value; return NULL;
	case 't':
		return number_read(value, 0, LONGEST_TIMEOUT, &wanted->timeout_seconds)
			       ? NULL
			       : "-t wants 0 to 86400 seconds";
	default: return "unknown option";
	}
}
