#include "support/control_directory.h"

#include <cdb.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

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
	assert_int_equal(system(command), 0);
}

void control_directory_put(const char *name, struct span contents)
{
	char path[200];
	FILE *file = fopen(control_directory_path(name, path), "w");

	assert_non_null(file);
	fwrite(contents.bytes, 1, contents.length, file);
	assert_int_equal(fclose(file), 0);
}

void control_directory_put_cdb(const char *name, const char *const *keys)
{
	struct cdb_make make;
	char path[200];
	int descriptor = open(control_directory_path(name, path), O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(cdb_make_start(&make, descriptor), 0);
	for (size_t index = 0; keys[index]; index++)
		assert_int_equal(
			cdb_make_add(&make, keys[index], (unsigned)strlen(keys[index]), "", 0), 0);
	assert_int_equal(cdb_make_finish(&make), 0);
	assert_int_equal(close(descriptor), 0);
}
