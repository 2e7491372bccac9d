#include "support/certificates.h"

#include <stdio.h>
#include <stdlib.h>

static char directory[] = "/tmp/tidewaiter-tls.XXXXXX";

const char *certificates_make(void)
{
	char command[200];

	if (!mkdtemp(directory))
		return NULL;
	snprintf(command, sizeof(command), "tests/support/certificates.sh %s >%s/log 2>&1",
		 directory, directory);
	return system(command) == 0 ? directory : NULL;
}

const char *certificates_path(const char *name)
{
	static char paths[8][200];
	static unsigned turn;
	char *path = paths[turn++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

void certificates_remove(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	if (system(command) != 0)
		fprintf(stderr, "unable to remove %s\n", directory);
}
