/*
 * drop_cr: the plainest way to turn line ends of CRLF into LF; what this machine allows at best.
 *
 *     drop_cr < text > text
 *
 * Reads 64 KiB at a time, drops each CR in front of an LF, and writes what is left.
 */
#include <string.h>
#include <unistd.h>

#define BLOCK 65536

static char bytes[BLOCK + 1];

/* Returns how many bytes are left of a block. */
static size_t shorten(char *block, size_t length)
{
	char *from = block, *to = block, *end = block + length, *lf;

	while ((lf = memchr(from, '\n', (size_t)(end - from)))) {
		size_t part = (size_t)(lf - from);

		if (part && lf[-1] == '\r')
			part--;
		memmove(to, from, part);
		to += part;
		*to++ = '\n';
		from = lf + 1;
	}
	memmove(to, from, (size_t)(end - from));
	return (size_t)(to - block) + (size_t)(end - from);
}

static int write_whole(const char *from, size_t length)
{
	while (length) {
		ssize_t count = write(1, from, length);

		if (count <= 0)
			return 0;
		from += count;
		length -= (size_t)count;
	}
	return 1;
}

int main(void)
{
	size_t kept = 0; /* a CR at the end of the last block */
	ssize_t count;

	while ((count = read(0, bytes + kept, BLOCK)) > 0) {
		size_t length = kept + (size_t)count;

		kept = bytes[length - 1] == '\r';
		if (!write_whole(bytes, shorten(bytes, length - kept)))
			return 111;
		if (kept)
			bytes[0] = '\r';
	}
	return count == -1 || (kept && !write_whole(bytes, 1)) ? 111 : 0;
}
