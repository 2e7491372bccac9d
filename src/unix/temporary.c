#include "unix/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unix/environment.h"
#include "unix/file.h"

/* *is_new tells whether it was not there before. */
static int open_or_create(const char *temporary, bool *is_new)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int descriptor = open(temporary, flags | O_EXCL, 0644);

	*is_new = descriptor != -1;
	return descriptor == -1 && errno == EEXIST ? open(temporary, flags, 0644) : descriptor;
}

/* old: the file whose place it is to take, or NULL. */
static bool may_be_used(int descriptor, const struct stat *old, struct stat *opened)
{
	if (fstat(descriptor, opened) == -1)
		return false;
	if (S_ISREG(opened->st_mode) && opened->st_nlink <= 1 &&
	    !(old && file_is_same(old, opened)))
		return true;
	errno = EEXIST;
	return false;
}

/* A file system that has no locks is written to without one. */
static bool lock(int descriptor)
{
	return flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK ||
	       errno == EOPNOTSUPP || errno == ENOSYS;
}

int temporary_open(const char *path, const char *temporary)
{
	bool is_new, is_ours;
	int descriptor, kept;

	for (;;) {
		struct stat old, opened, named;
		bool is_old = stat(path, &old) == 0;

		descriptor = open_or_create(temporary, &is_new);
		if (descriptor == -1)
			return -1;
		is_ours =
			may_be_used(descriptor, is_old ? &old : NULL, &opened) && lock(descriptor);
		if (!is_ours)
			break;
		/* Another writer may have put it into place in between. */
		if (lstat(temporary, &named) == 0 && file_is_same(&named, &opened)) {
			bool is_foreign = !is_new && opened.st_uid != geteuid();

			if ((is_foreign ? unlink(temporary) : ftruncate(descriptor, 0)) == -1)
				break;
			if (!is_foreign)
				return descriptor;
			/* Its owner could go on writing to it, so it is made anew. */
		}
		close(descriptor);
	}
	kept = errno;
	if (is_ours || (is_new && kept != EWOULDBLOCK))
		unlink(temporary);
	close(descriptor);
	errno = kept;
	return -1;
}

const char *temporary_directory(void)
{
	const char *directory = environment_get("TMPDIR");

	return directory && *directory ? directory : "/tmp";
}

int temporary_unnamed(const char *directory)
{
	int descriptor = open(directory, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	char path[PATH_MAX];

	if (descriptor != -1 || (errno != EISDIR && errno != EOPNOTSUPP))
		return descriptor;
	/* The file system knows no such files. */
	if (snprintf(path, sizeof(path), "%s/tidewaiter.XXXXXX", directory) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	descriptor = mkostemp(path, O_CLOEXEC);
	if (descriptor != -1)
		unlink(path);
	return descriptor;
}
