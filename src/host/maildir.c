#include "host/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/trouble.h"
#include "queue/name.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"
#include "unix/kernel.h"

#define MOST_NAMES 100 /* tried for one message */

static void write_path(const struct maildir *maildir, const char *folder, const char *name,
		       struct text *path)
{
	text_clear(path);
	text_add_string(path, maildir->directory);
	text_add_byte(path, '/');
	text_add_string(path, folder);
	text_add_byte(path, '/');
	text_add_string(path, name);
}

/* Make what is missing of the Maildir, durably. Returns 0, or -1 with errno. */
static int make_directories(const struct maildir *maildir)
{
	static const char *const folders[] = {"tmp", "new", "cur"};
	struct text path;
	int result = 0;

	text_init(&path, MAILDIR_LONGEST_PATH);
	if (mkdir(maildir->directory, 0700) == -1 && errno != EEXIST)
		return -1;
	for (size_t index = 0; index < sizeof(folders) / sizeof(*folders) && result == 0; index++) {
		text_clear(&path);
		text_add_string(&path, maildir->directory);
		text_add_byte(&path, '/');
		text_add_string(&path, folders[index]);
		errno = ENAMETOOLONG;
		if (path.failed || (mkdir(path.bytes, 0700) == -1 && errno != EEXIST))
			result = -1;
	}
	if (result == 0 && (file_sync_directory_of(text_string(&path)) == -1 ||
			    file_sync_directory_of(maildir->directory) == -1))
		result = -1;
	text_free(&path);
	return result;
}

/* Choose a name that nobody has and create it in tmp/. Returns the descriptor, or -1 with errno. */
static int create(const struct maildir *maildir, uint64_t size, struct text *name,
		  struct text *path)
{
	char host[256] = "";
	bool has_made_directories = false;
	int descriptor = -1;

	gethostname(host, sizeof(host) - 1);
	for (unsigned tries = 0; descriptor == -1 && tries < MOST_NAMES; tries++) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		text_clear(name);
		name_write(&(struct name){.seconds = (uint64_t)now.tv_sec,
					  .microseconds = (uint64_t)now.tv_nsec / 1000,
					  .process = (uint64_t)getpid(),
					  .host = span_of(host),
					  .size = size},
			   name);
		write_path(maildir, "tmp", text_string(name), path);
		if (name->failed || path->failed) {
			errno = ENAMETOOLONG;
			return -1;
		}
		descriptor =
			open(path->bytes, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (descriptor == -1 && errno == ENOENT && !has_made_directories) {
			if (make_directories(maildir) == -1)
				return -1;
			has_made_directories = true;
		} else if (descriptor == -1 && errno != EEXIST) {
			return -1;
		}
	}
	return descriptor;
}

/* A file of tmp/ that has no name. Returns the descriptor, or -1 with errno. */
static int create_spool(void *world)
{
	const struct maildir *maildir = world;
	struct text name, path;
	int descriptor, kept;

	text_init(&name, MAILDIR_LONGEST_PATH);
	text_init(&path, MAILDIR_LONGEST_PATH);
	write_path(maildir, "tmp", "", &path);
	descriptor = path.failed ? -1 : open(path.bytes, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (descriptor == -1) { /* no such directory, or not on this file system */
		descriptor = create(maildir, 0, &name, &path);
		if (descriptor != -1)
			unlink(path.bytes);
	}
	kept = errno;
	text_free(&name);
	text_free(&path);
	errno = kept;
	return descriptor;
}

const char *maildir_find(struct text *path)
{
	const char *directory = environment_get("MAILDIR");

	if (directory && *directory)
		return directory;
	text_add_string(path, home_directory);
	text_add_string(path, "/mail");
	return text_string(path);
}

void maildir_init(struct maildir *maildir, const char *directory)
{
	maildir->directory = directory;
	spool_init(&maildir->spool, directory, create_spool, maildir);
}

void maildir_free(struct maildir *maildir)
{
	spool_free(&maildir->spool);
}

enum queue_status maildir_receive(struct maildir *maildir, int descriptor, struct text *why)
{
	return spool_receive(&maildir->spool, descriptor, why);
}

/* Give a file another name, which nobody may have yet. Returns 0, or -1 with errno. */
static int rename_to_new_name(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(from, to) == -1) /* a file system that knows no such rename */
		return -1;
	unlink(from);
	return 0;
}

static enum queue_status move_into_new(const struct maildir *maildir, const char *name,
				       const char *path, struct text *why)
{
	enum queue_status status = QUEUE_OK;
	struct text target;
	int result;

	text_init(&target, MAILDIR_LONGEST_PATH);
	write_path(maildir, "new", name, &target);
	errno = ENAMETOOLONG;
	result = target.failed ? -1 : rename_to_new_name(path, target.bytes);
	if (result == -1 && errno == ENOENT && make_directories(maildir) == 0)
		result = rename_to_new_name(path, target.bytes);
	if (result == -1) {
		status = trouble(QUEUE_NO_FILES, "move a message to", text_string(&target), why);
		unlink(path);
	} else if (file_sync_directory_of(target.bytes) == -1) {
		status = trouble(QUEUE_WRITE_ERROR, "make durable", target.bytes, why);
		unlink(target.bytes); /* it will be sent again */
	}
	text_free(&target);
	return status;
}

enum queue_status maildir_store(struct maildir *maildir, struct span lines, struct text *why)
{
	enum queue_status status;
	struct text name, path;
	int descriptor;

	text_init(&name, MAILDIR_LONGEST_PATH);
	text_init(&path, MAILDIR_LONGEST_PATH);
	descriptor = create(maildir, lines.length + maildir->spool.size, &name, &path);
	if (descriptor == -1) {
		status = trouble(errno == ENOENT ? QUEUE_NO_HOME : QUEUE_NO_FILES,
				 "create a file in", maildir->directory, why);
	} else if (spool_copy(&maildir->spool, lines, descriptor) == -1 ||
		   fsync(descriptor) == -1) {
		status = trouble(QUEUE_WRITE_ERROR, "write", path.bytes, why);
		unlink(path.bytes);
	} else {
		status = move_into_new(maildir, name.bytes, path.bytes, why);
	}
	if (descriptor != -1)
		close(descriptor);
	text_free(&name);
	text_free(&path);
	return status;
}
