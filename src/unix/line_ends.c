#include "unix/line_ends.h"

#include <unistd.h>

#include "unix/file.h"
#include "unix/report.h"

#define PIECE 32768 /* bytes read at once */

static void put(const char *bytes, size_t length)
{
	if (file_write(STDOUT_FILENO, (struct span){bytes, length}) == -1)
		die_errno(EXIT_TEMPORARY, "unable to write output");
}

void line_ends_copy(enum crlf_change change)
{
	struct crlf crlf = {.change = change};
	char input[PIECE], output[CRLF_ROOM(PIECE)];
	ssize_t count;

	while ((count = file_read(STDIN_FILENO, input, sizeof(input))) > 0)
		put(output, crlf_convert(&crlf, (struct span){input, (size_t)count}, output));
	if (count == -1)
		die_errno(EXIT_TEMPORARY, "unable to read input");
	put(output, crlf_finish(&crlf, output));
}
