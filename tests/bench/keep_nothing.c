/*
 * keep_nothing: a queue program that takes a message and its envelope, and keeps nothing.
 *
 * Reads the message from descriptor 0 and the envelope from descriptor 1, each to its end.
 */
#include <unistd.h>

static char bytes[65536];

int main(void)
{
	for (int descriptor = 0; descriptor < 2; descriptor++) {
		ssize_t count;

		while ((count = read(descriptor, bytes, sizeof(bytes))) > 0)
			;
		if (count == -1)
			return 54;
	}
	return 0;
}
