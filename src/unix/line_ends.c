#include "unix/line_ends.h"

#include <unistd.h>

#include "unix/file.h"

#define PIECE 32768 /* bytes read at once */

int line_ends_copy(enum crlf_change change, const char **what)
{
	struct crlf crlf = {.change = change};
	char input[PIECE], output[CRLF_ROOM(PIECE)];
	size_t length;
	ssize_t count;

	do {
		*what = "read input";
		count = file_read(STDIN_FILENO, input, sizeof(input));
		if (count == -1)
			return -1;
		length = count ? crlf_convert(&crlf, (struct span){input, (size_t)count}, output)
			       : crlf_finish(&crlf, output);
		*what = "write output";
		if (file_write(STDOUT_FILENO, (struct span){output, length}) == -1)
			return -1;
	} while (count > 0);
	return 0;
}
