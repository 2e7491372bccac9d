#include "unix/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same_file(const struct stat *left, const struct stat *right)
{
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

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
	    !(old && is_same_file(old, opened)))
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
		if (lstat(temporary, &named) == 0 && is_same_file(&named, &opened)) {
			if (ftruncate(descriptor, 0) == -1)
				break;
			return descriptor;
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
