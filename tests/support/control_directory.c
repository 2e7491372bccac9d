#include "support/control_directory.h"

#include <assert.h>
#include <cdb.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/tidewaiter-control.XXXXXX";

int control_directory_make(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	return setenv("CONTROLDIR", directory, 1);
}

int control_directory_remove(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

const char *control_directory_path(const char *name, char path[200])
{
	snprintf(path, 200, "%s/%s", directory, name);
	return path;
}

void control_directory_clear(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s/*", directory);
	assert(system(command) == 0);
}

void control_directory_put(const char *name, struct span contents)
{
	char path[200];
	FILE *file = fopen(control_directory_path(name, path), "w");

	assert(file);
	fwrite(contents.bytes, 1, contents.length, file);
	assert(fclose(file) == 0);
}

void control_directory_put_cdb(const char *name, const char *const *keys)
{
	struct cdb_make make;
	char path[200];
	int descriptor = open(control_directory_path(name, path), O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert(descriptor != -1);
	assert(cdb_make_start(&make, descriptor) == 0);
	for (size_t index = 0; keys[index]; index++)
		assert(cdb_make_add(&make, keys[index], (unsigned)strlen(keys[index]), "", 0) == 0);
	assert(cdb_make_finish(&make) == 0);
	assert(close(descriptor) == 0);
}
