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

static void write_folder(const struct maildir *maildir, const char *folder, struct text *path)
{
	text_clear(path);
	text_add_string(path, maildir->directory);
	text_add_byte(path, '/');
	text_add_string(path, folder);
}

/* The path of the message's file. */
static void write_path(const struct maildir *maildir, const char *folder, struct text *path)
{
	write_folder(maildir, folder, path);
	text_add_byte(path, '/');
	name_write(&maildir->name, path);
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
		write_folder(maildir, folders[index], &path);
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

/* Readers of mail want cur/ as well, which nothing here needs. */
static void complete(const struct maildir *maildir)
{
	char room[MAILDIR_SHORT_PATH];
	struct text path;

	text_init_short(&path, room, sizeof(room), MAILDIR_LONGEST_PATH);
	write_folder(maildir, "cur", &path);
	if (!path.failed && access(text_string(&path), F_OK) == -1 && errno == ENOENT)
		make_directories(maildir);
	text_free(&path);
}

/* Choose a name that nobody has and create it in tmp/. Returns 0, or -1 with errno. */
static int create(struct maildir *maildir, bool must_make_directories)
{
	gethostname(maildir->host, sizeof(maildir->host) - 1);
	for (unsigned tries = 0; maildir->file == -1 && tries < MOST_NAMES; tries++) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		maildir->name = (struct name){.seconds = (uint64_t)now.tv_sec,
					      .microseconds = (uint64_t)now.tv_nsec / 1000,
					      .process = (uint64_t)getpid(),
					      .host = span_of(maildir->host)};
		write_path(maildir, "tmp", &maildir->path);
		if (maildir->path.failed) {
			errno = ENAMETOOLONG;
			return -1;
		}
		maildir->file = open(maildir->path.bytes,
				     O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (maildir->file == -1 && errno == ENOENT && must_make_directories) {
			if (make_directories(maildir) == -1)
				return -1;
			must_make_directories = false;
		} else if (maildir->file == -1 && errno != EEXIST) {
			return -1;
		}
	}
	return maildir->file == -1 ? -1 : 0;
}

/* Nothing of the message's file is left. */
static void discard_file(struct maildir *maildir)
{
	if (maildir->file == -1)
		return;
	unlink(maildir->path.bytes);
	close(maildir->file);
	maildir->file = -1;
}

/* A file of tmp/ that has no name. Returns the descriptor, or -1 with errno. */
static int create_spool(void *world)
{
	const struct maildir *maildir = world;
	struct maildir other = {.directory = maildir->directory, .file = -1};
	int descriptor = -1, kept;

	text_init(&other.path, MAILDIR_LONGEST_PATH);
	write_folder(maildir, "tmp", &other.path);
	if (!other.path.failed)
		descriptor = open(other.path.bytes, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	/* There is no such directory, or the file system knows no such files. */
	if (descriptor == -1 && create(&other, true) == 0) {
		unlink(other.path.bytes);
		descriptor = other.file;
	}
	kept = errno;
	text_free(&other.path);
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

void maildir_spare_owner(void)
{
	mode_t mask = umask(077);

	umask(mask & 077);
}

void maildir_init(struct maildir *maildir, const char *directory)
{
	*maildir = (struct maildir){.directory = directory, .file = -1};
	text_init_short(&maildir->path, maildir->short_path, sizeof(maildir->short_path),
			MAILDIR_LONGEST_PATH);
	spool_init(&maildir->spool, directory, create_spool, maildir);
}

void maildir_prepare(struct maildir *maildir)
{
	/* No directories: whether they are durable would be told to nobody. */
	if (maildir->file == -1)
		create(maildir, false);
}

void maildir_forget(struct maildir *maildir)
{
	discard_file(maildir);
	spool_forget(&maildir->spool);
}

void maildir_free(struct maildir *maildir)
{
	maildir_forget(maildir);
	spool_free(&maildir->spool);
	text_free(&maildir->path);
}

enum queue_status maildir_receive(struct maildir *maildir, int descriptor, struct text *why)
{
	return spool_receive(&maildir->spool, descriptor, why);
}

/* Keeps errno. */
static bool is_name_of(const char *path, int file)
{
	struct stat named, opened;
	int kept = errno;
	bool is_it = lstat(path, &named) == 0 && fstat(file, &opened) == 0 &&
		     file_is_same(&named, &opened);

	errno = kept;
	return is_it;
}

/* For a file system that cannot do it in one step. The name is unique to this process, so that
 * nobody takes it between the two. Returns 0, or -1 with errno. */
static int rename_to_free_name(const char *from, const char *to)
{
	struct stat taken;

	if (lstat(to, &taken) == 0) {
		errno = EEXIST;
		return -1;
	}
	return errno == ENOENT ? rename(from, to) : -1;
}

/* Give an open file another name, which nobody may have yet. Returns 0, or -1 with errno. By NFS
 * an error may tell of what was done: a server whose answer got lost is asked to do it again. */
static int rename_to_new_name(const char *from, const char *to, int file)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 || is_name_of(to, file))
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
		return -1;
	/* A file system that knows no such rename, or a container that forbids new system calls. */
	if (link(from, to) == 0 || is_name_of(to, file)) {
		unlink(from);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	/* Nor has it hard links, as exFAT. */
	return rename_to_free_name(from, to) == 0 || is_name_of(to, file) ? 0 : -1;
}

/* On success the file in tmp/ is no more. */
static enum queue_status move_into_new(struct maildir *maildir, struct text *why)
{
	const char *path = maildir->path.bytes;
	enum queue_status status = QUEUE_OK;
	char room[MAILDIR_SHORT_PATH];
	struct text target;
	int result;

	text_init_short(&target, room, sizeof(room), MAILDIR_LONGEST_PATH);
	write_path(maildir, "new", &target);
	errno = ENAMETOOLONG;
	result = target.failed ? -1 : rename_to_new_name(path, target.bytes, maildir->file);
	if (result == -1 && errno == ENOENT && make_directories(maildir) == 0)
		result = rename_to_new_name(path, target.bytes, maildir->file);
	if (result == -1) {
		status = trouble(QUEUE_NO_FILES, "move a message to", text_string(&target), why);
	} else if (file_sync_directory_of(target.bytes) == -1) {
		status = trouble(QUEUE_WRITE_ERROR, "make durable", target.bytes, why);
		unlink(target.bytes); /* it will be sent again */
	}
	text_free(&target);
	return status;
}

/* Keeps errno. */
static bool is_missing(const struct maildir *maildir)
{
	int kept = errno;
	bool is_it = access(maildir->directory, F_OK) == -1 && errno == ENOENT;

	errno = kept;
	return is_it;
}

enum queue_status maildir_store(struct maildir *maildir, struct span lines, struct text *why)
{
	enum queue_status status;

	if (maildir->file == -1 && create(maildir, true) == -1)
		return is_missing(maildir)
			       ? trouble(QUEUE_NO_HOME, "create", maildir->directory, why)
			       : trouble(QUEUE_NO_FILES, "create a file in tmp/ of",
					 maildir->directory, why);
	complete(maildir);
	maildir->name.size = lines.length + maildir->spool.size;
	if (spool_copy(&maildir->spool, lines, maildir->file) == -1 || fsync(maildir->file) == -1)
		status = trouble(QUEUE_WRITE_ERROR, "write", maildir->path.bytes, why);
	else
		status = move_into_new(maildir, why);
	if (status == QUEUE_OK) {
		close(maildir->file);
		maildir->file = -1;
	} else {
		discard_file(maildir);
	}
	return status;
}
