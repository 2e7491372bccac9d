#include "unix/home.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

const char home_directory[] = HOME_DIRECTORY;

bool home_self(char *path, unsigned long size)
{
	ssize_t length = readlink("/proc/self/exe", path, size);
	const char *executed = (const char *)getauxval(AT_EXECFN);
	char whole[PATH_MAX];

	if (length > 0 && (unsigned long)length < size && *path == '/') {
		path[length] = '\0';
		return true;
	}
	return executed && realpath(executed, whole) &&
	       (unsigned long)snprintf(path, size, "%s", whole) < size;
}

void home_program(const char *name, char *path, unsigned long size)
{
	char self[PATH_MAX];

	if (home_self(self, sizeof(self))) {
		*strrchr(self, '/') = '\0';
		if ((unsigned long)snprintf(path, size, "%s/%s", self, name) < size &&
		    access(path, X_OK) == 0)
			return;
	}
	snprintf(path, size, "%s/bin/%s", home_directory, name);
}
