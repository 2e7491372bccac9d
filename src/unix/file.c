#include "unix/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/kernel.h"

#define FIRST_READ 4000	 /* bytes asked for at first */
#define READ_SIZE  16384 /* and then */

int file_open(const char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int descriptor = open(path, flags | O_NOFOLLOW);

	if (descriptor != -1 || errno != ELOOP)
		return descriptor;
	descriptor = open(path, flags); /* a link, then */
	if (descriptor == -1 && errno == ENOENT)
		errno = ENOLINK;
	return descriptor;
}

int file_write(int descriptor, struct span bytes)
{
	while (bytes.length) {
		ssize_t written = write(descriptor, bytes.bytes, bytes.length);

		if (written == -1 && errno == EINTR)
			continue;
		if (written == -1)
			return -1;
		bytes = span_tail(bytes, (size_t)written);
	}
	return 0;
}

ssize_t file_read(int descriptor, void *bytes, size_t size)
{
	ssize_t count;

	do
		count = read(descriptor, bytes, size);
	while (count == -1 && errno == EINTR);
	return count;
}

/* How much room to make: for a small file its size, and a byte more that shows its end. */
static size_t room_wanted(int descriptor, const struct text *text)
{
	struct stat status;

	if (text->length)
		return READ_SIZE;
	if (fstat(descriptor, &status) == -1 || !S_ISREG(status.st_mode) ||
	    status.st_size >= FIRST_READ)
		return FIRST_READ;
	return (size_t)status.st_size + 1;
}

/* Make room for a byte at least. */
static bool make_room(int descriptor, struct text *text)
{
	size_t most = text->maximum - text->length, wanted;

	if (text->capacity > text->length + 1)
		return true;
	wanted = room_wanted(descriptor, text);
	return text_reserve(text, wanted < most ? wanted : most);
}

int file_read_all(int descriptor, struct text *text)
{
	for (;;) {
		ssize_t count;
		char more;

		if (text->length == text->maximum) {
			count = file_read(descriptor, &more, 1);
			if (count > 0)
				errno = EFBIG;
			return count == 0 ? 0 : -1;
		}
		if (!make_room(descriptor, text)) {
			errno = ENOMEM;
			return -1;
		}
		count = file_read(descriptor, text->bytes + text->length,
				  text->capacity - text->length - 1);
		if (count <= 0)
			return (int)count;
		text->length += (size_t)count;
		text->bytes[text->length] = '\0';
	}
}

size_t file_unread(int descriptor)
{
	int count = 0;

	return ioctl(descriptor, FIONREAD, &count) == 0 && count > 0 ? (size_t)count : 0;
}

static void close_one(int descriptor)
{
	close(descriptor);
}

static void inherit_not(int descriptor)
{
	fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/* For kernels whose close_range(2) does not know it: before Linux 5.9, or 5.11 for what is
 * executed. A process may be allowed a thousand million descriptors, so only those that are open
 * are asked for; where that cannot be told, all. */
static void each_open(unsigned first, unsigned last, void (*act)(int descriptor))
{
	DIR *listed = opendir("/proc/self/fd");
	long limit = sysconf(_SC_OPEN_MAX);
	const struct dirent *entry;

	if (!listed) {
		for (unsigned number = first; number <= last && (long)number < limit; number++)
			act((int)number);
		return;
	}
	while ((entry = readdir(listed))) {
		uint32_t number;

		if (number_read(entry->d_name, first, last, &number) &&
		    (int)number != dirfd(listed))
			act((int)number);
	}
	closedir(listed);
}

static void close_all(unsigned first, unsigned last)
{
	if (first <= last && close_range(first, last, 0) == -1)
		each_open(first, last, close_one);
}

void file_inherit_none(void)
{
	if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == -1)
		each_open(3, ~0U, inherit_not);
}

void file_keep_only(const int *kept, size_t count)
{
	unsigned first = 3, next;

	do {
		next = ~0U;
		for (size_t index = 0; index < count; index++)
			if (kept[index] >= 0 && (unsigned)kept[index] >= first &&
			    (unsigned)kept[index] < next)
				next = (unsigned)kept[index];
		close_all(first, next == ~0U ? next : next - 1);
		first = next + 1;
	} while (next != ~0U);
}

bool file_is_same(const struct stat *left, const struct stat *right)
{
	return left->st_dev == right->st_dev && left->st_ino == right->st_ino;
}

bool file_is_newer(const struct stat *left, const struct stat *right)
{
	return left->st_mtim.tv_sec > right->st_mtim.tv_sec ||
	       (left->st_mtim.tv_sec == right->st_mtim.tv_sec &&
		left->st_mtim.tv_nsec > right->st_mtim.tv_nsec);
}

bool file_is_unchanged(const struct stat *before, const struct stat *after)
{
	return after->st_size == before->st_size && !file_is_newer(after, before) &&
	       !file_is_newer(before, after);
}

int file_protect_like(int descriptor, int model)
{
	struct stat like;
	mode_t mode = 0600;

	if (fstat(model, &like) == -1 || fchmod(descriptor, mode) == -1)
		return -1;
	if (fchown(descriptor, like.st_uid, like.st_gid) == 0 ||
	    fchown(descriptor, (uid_t)-1, like.st_gid) == 0)
		mode |= like.st_mode & 0060;
	return fchmod(descriptor, mode);
}

int file_sync_directory_of(const char *path)
{
	struct span name = span_of(path);
	char directory[4096] = ".";
	int descriptor, result, kept;
	size_t length;

	while (name.length > 1 && name.bytes[name.length - 1] == '/')
		name.length--; /* "mail/" is in the directory that "mail" is in */
	length = span_find_last(name, '/');
	if (length == name.length)
		length = 0;
	else if (length == 0)
		length = 1; /* the root */
	if (length >= sizeof(directory)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (length) {
		memcpy(directory, path, length);
		directory[length] = '\0';
	}
	descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor == -1)
		return -1;
	result = fsync(descriptor);
	if (result == -1 && (errno == EINVAL || errno == ENOTSUP))
		result = 0; /* a file system that has no such thing */
	kept = errno;
	close(descriptor);
	errno = kept;
	return result;
}
