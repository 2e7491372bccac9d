#include "unix/home.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char home_directory[] = HOME_DIRECTORY;

void home_program(const char *name, char *path, unsigned long size)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length > 0 && (size_t)length < sizeof(self) - 1) {
		self[length] = '\0';
		slash = strrchr(self, '/');
		if (slash) {
			*slash = '\0';
			if ((unsigned long)snprintf(path, size, "%s/%s", self, name) < size &&
			    access(path, X_OK) == 0)
				return;
		}
	}
	snprintf(path, size, "%s/bin/%s", home_directory, name);
}
