#include "unix/marks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "unix/file.h"

#define ASIDE	   ".expiring"
#define MOST_TRIES 100 /* each needs an expiry that moves the mark between two calls of ours */

/* The names of a client's mark: where it belongs, and where an expiry looks at it. */
struct mark_names {
	char mark[ADDRESS_TEXT], aside[ADDRESS_TEXT + sizeof(ASIDE)];
};

static struct mark_names names_of(const struct address *client)
{
	struct address owner = address_owner(client);
	struct mark_names names;

	address_write(&owner, names.mark);
	snprintf(names.aside, sizeof(names.aside), "%s" ASIDE, names.mark);
	return names;
}

/* Only looks at names need no right to read the directory. */
static int open_store(const char *directory, int how)
{
	return open(directory, how | O_DIRECTORY | O_CLOEXEC);
}

static void close_keeping_errno(int descriptor)
{
	int kept = errno;

	close(descriptor);
	errno = kept;
}

enum step { STEP_DONE, STEP_AGAIN, STEP_FAILED };

/* Open the mark, or make it. The mode is the new mark's, whatever the umask. */
static enum step open_mark(int store, const char *name, mode_t mode, int *mark)
{
	int how = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	mode_t mask;

	*mark = openat(store, name, how);
	if (*mark != -1)
		return STEP_DONE;
	if (errno != ENOENT)
		return STEP_FAILED;
	mask = umask(0);
	*mark = openat(store, name, how | O_CREAT | O_EXCL, mode);
	umask(mask);
	if (*mark != -1)
		return STEP_DONE;
	return errno == EEXIST ? STEP_AGAIN : STEP_FAILED;
}

static enum step renew(int store, const char *name, mode_t mode)
{
	struct stat dated, named;
	int mark;
	enum step step = open_mark(store, name, mode, &mark);

	if (step != STEP_DONE)
		return step;
	step = STEP_FAILED;
	if (fstat(mark, &dated) == -1)
		goto done;
	if (!S_ISREG(dated.st_mode)) {
		errno = EINVAL;
		goto done;
	}
	if (futimens(mark, NULL) == -1)
		goto done;
	/* An expiry that took the file away before it was dated may remove it; one that comes
	 * after this look finds it renewed. */
	if (fstatat(store, name, &named, AT_SYMLINK_NOFOLLOW) == 0)
		step = file_is_same(&dated, &named) ? STEP_DONE : STEP_AGAIN;
	else if (errno == ENOENT)
		step = STEP_AGAIN;
done:
	close_keeping_errno(mark);
	return step;
}

int marks_renew(const char *directory, const struct address *client)
{
	struct mark_names names = names_of(client);
	int store = open_store(directory, O_PATH);
	enum step step = STEP_FAILED;
	struct stat status;

	if (store == -1)
		return -1;
	if (fstat(store, &status) == 0) {
		unsigned tries = 0;

		do
			step = renew(store, names.mark, status.st_mode & 0666);
		while (step == STEP_AGAIN && ++tries < MOST_TRIES);
		if (step == STEP_AGAIN)
			errno = EAGAIN;
	}
	close_keeping_errno(store);
	return step == STEP_DONE ? 0 : -1;
}

enum age { AGE_ABSENT, AGE_YOUNG, AGE_OLD, AGE_AHEAD, AGE_NO_MARK, AGE_UNKNOWN };

static enum age age_of(int store, const char *name, uint32_t lifetime)
{
	struct stat status;
	struct timespec now;
	long long seconds;

	if (fstatat(store, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? AGE_ABSENT : AGE_UNKNOWN;
	if (!S_ISREG(status.st_mode))
		return AGE_NO_MARK;
	if (clock_gettime(CLOCK_REALTIME, &now) == -1)
		return AGE_UNKNOWN;
	seconds = (long long)now.tv_sec - (long long)status.st_mtim.tv_sec;
	if (now.tv_nsec < status.st_mtim.tv_nsec)
		seconds--;
	if (seconds < -MARKS_CLOCK_SLACK)
		return AGE_AHEAD;
	return seconds < (long long)lifetime ? AGE_YOUNG : AGE_OLD;
}

static bool is_full(int store)
{
	struct statvfs status;

	return fstatvfs(store, &status) == 0 && ((status.f_blocks && status.f_bavail == 0) ||
						 (status.f_files && status.f_favail == 0));
}

static enum verdict explain(struct text *why, const char *directory, const char *name,
			    const char *reason)
{
	text_add_string(why, directory);
	if (name) {
		text_add_byte(why, '/');
		text_add_string(why, name);
	}
	text_add_string(why, ": ");
	text_add_string(why, reason);
	return VERDICT_LATER;
}

enum verdict marks_find(const char *directory, const struct address *client, uint32_t lifetime,
			struct text *why)
{
	struct mark_names names = names_of(client);
	const char *const places[] = {names.mark, names.aside, names.mark};
	int store = open_store(directory, O_PATH);
	enum verdict verdict = VERDICT_NO;
	bool is_absent = true;

	if (store == -1)
		return explain(why, directory, NULL, strerror(errno));
	for (size_t index = 0; index < 3 && verdict == VERDICT_NO; index++) {
		const char *name = places[index];

		switch (age_of(store, name, lifetime)) {
		case AGE_YOUNG: verdict = VERDICT_YES; break;
		case AGE_OLD: is_absent = false; break;
		case AGE_ABSENT: break;
		case AGE_AHEAD:
			verdict = explain(why, directory, name, "dated ahead of the clock");
			break;
		case AGE_NO_MARK:
			verdict = explain(why, directory, name, "not a regular file");
			break;
		case AGE_UNKNOWN: verdict = explain(why, directory, name, strerror(errno)); break;
		}
	}
	if (verdict == VERDICT_NO && is_absent && is_full(store))
		verdict = explain(why, directory, NULL,
				  "the file system is full, a mark may be missing");
	close(store);
	return verdict;
}

/* Judge a mark that was moved aside: nobody can renew it there. */
static int settle(int store, const struct mark_names *names, uint32_t lifetime,
		  struct marks_count *count)
{
	enum age age = age_of(store, names->aside, lifetime);

	if (age == AGE_ABSENT || age == AGE_NO_MARK)
		return 0;
	if (age == AGE_UNKNOWN)
		return -1;
	/* A client that signed in meanwhile may have a new mark, which is younger. */
	if (age == AGE_YOUNG && linkat(store, names->aside, store, names->mark, 0) == -1 &&
	    errno != EEXIST)
		return -1;
	if (unlinkat(store, names->aside, 0) == -1)
		return errno == ENOENT ? 0 : -1;
	if (age != AGE_YOUNG)
		count->removed++;
	return 0;
}

static int expire_mark(int store, const struct mark_names *names, uint32_t lifetime,
		       struct marks_count *count)
{
	switch (age_of(store, names->mark, lifetime)) {
	case AGE_YOUNG: count->kept++; return 0;
	case AGE_ABSENT:
	case AGE_NO_MARK: return 0;
	case AGE_UNKNOWN: return -1;
	case AGE_OLD:
	case AGE_AHEAD: break;
	}
	if (renameat(store, names->mark, store, names->aside) == -1)
		return errno == ENOENT ? 0 : -1;
	return settle(store, names, lifetime, count);
}

/* Whether a file's name is one of a mark's, and which mark's. */
static bool names_read(struct span file, struct mark_names *names)
{
	struct span aside = SPAN(ASIDE);
	bool is_aside = span_ends_folded(file, aside);
	struct address address;

	if (!address_read_span(span_head(file, file.length - (is_aside ? aside.length : 0)),
			       &address))
		return false;
	*names = names_of(&address);
	return span_equal(file, span_of(is_aside ? names->aside : names->mark));
}

static int expire_all(DIR *files, int store, uint32_t lifetime, struct marks_count *count)
{
	struct dirent *file;
	int first_failure = 0;

	while (errno = 0, (file = readdir(files))) {
		struct span name = span_of(file->d_name);
		struct mark_names names;

		if (!names_read(name, &names))
			continue;
		if ((span_equal(name, span_of(names.mark))
			     ? expire_mark(store, &names, lifetime, count)
			     : settle(store, &names, lifetime, count)) == -1 &&
		    !first_failure)
			first_failure = errno;
	}
	if (!first_failure)
		first_failure = errno;
	errno = first_failure;
	return first_failure ? -1 : 0;
}

int marks_expire(const char *directory, uint32_t lifetime, struct marks_count *count)
{
	int store = open_store(directory, O_RDONLY), result = -1, kept;
	DIR *files;

	*count = (struct marks_count){0, 0};
	if (store == -1)
		return -1;
	files = fdopendir(store);
	if (!files) {
		close_keeping_errno(store);
		return -1;
	}
	/* Two at once could move the same mark aside twice, and a look could miss it both times. */
	if (flock(store, LOCK_EX | LOCK_NB) == 0)
		result = expire_all(files, store, lifetime, count);
	kept = errno;
	closedir(files);
	errno = kept;
	return result;
}
