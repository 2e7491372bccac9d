#include "explain/audit_writable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "unix/control.h"

#define LONGEST	     8192   /* bytes of a path */
#define MOST_ENTRIES 100000 /* looked at there */

static void find(struct findings *findings, enum finding_grade grade, const char *kind,
		 const char *path, struct span what, const char *why, const char *remedy)
{
	findings_add(findings, &(struct finding){grade, kind, path, 0, what, why, remedy});
}

static void find_writable(struct findings *findings, const char *path, struct span what)
{
	find(findings, FINDING_ERROR, "world-writable", path, what,
	     "so everybody on this machine says who may relay", "chmod o-w");
}

/* A device, /dev/null say, does not keep what is written to it. */
static bool is_writable(const struct stat *status)
{
	return (status->st_mode & S_IWOTH) && !S_ISLNK(status->st_mode) &&
	       !S_ISCHR(status->st_mode) && !S_ISBLK(status->st_mode);
}

static void judge_mode(struct findings *findings, const char *path, const struct stat *status,
		       bool is_safe_if_sticky)
{
	if (!is_writable(status))
		return;
	if (!S_ISDIR(status->st_mode))
		find_writable(findings, path,
			      SPAN("everybody on this machine may write this file"));
	else if (!is_safe_if_sticky || !(status->st_mode & S_ISVTX))
		find_writable(findings, path,
			      SPAN("everybody on this machine may put files into this directory"));
}

void audit_writable(struct findings *findings, const char *path, bool with_directory)
{
	const char *slash = strrchr(path, '/');
	struct text directory;
	struct stat status;

	if (stat(path, &status) == 0)
		judge_mode(findings, path, &status, true);
	if (!with_directory)
		return;
	text_init(&directory, LONGEST);
	text_add(&directory, slash == path ? SPAN("/")
			     : slash	   ? (struct span){path, (size_t)(slash - path)}
					   : SPAN("."));
	if (stat(text_string(&directory), &status) == 0)
		judge_mode(findings, text_string(&directory), &status, true);
	text_free(&directory);
}

/* --- directories --- */

struct walk {
	struct findings *findings;
	bool has_windows;
	struct text path; /* of what is looked at */
	size_t entries;	  /* seen */
	size_t writable;  /* files among them, with those below */
};

static void walk_directory(struct walk *walk, unsigned levels);

static void judge_entry(struct walk *walk, const struct stat *status, unsigned levels)
{
	const char *path = text_string(&walk->path);

	if (S_ISDIR(status->st_mode)) {
		judge_mode(walk->findings, path, status, !walk->has_windows);
		if (levels)
			walk_directory(walk, levels - 1);
		return;
	}
	/* Only a regular file can be a window, and nobody follows a link there. */
	if (!is_writable(status) || (walk->has_windows && !S_ISREG(status->st_mode)))
		return;
	if (findings_may_name(&walk->writable))
		judge_mode(walk->findings, path, status, false);
}

static void tell_unlisted(struct walk *walk, const char *reason)
{
	struct text what;

	text_init(&what, LONGEST);
	text_add_string(&what, "not all that is in this directory was looked at: ");
	text_add_string(&what, reason);
	find(walk->findings, FINDING_WARNING, "not-looked-at", text_string(&walk->path),
	     text_span(&what), "everybody on this machine may be able to write some of it",
	     walk->entries > MOST_ENTRIES ? "remove what is old"
					  : "run relay-audit as a user who may list it");
	text_free(&what);
}

/* What is in the directory that walk->path names, and in directories in it down to so many levels.
 */
static void walk_directory(struct walk *walk, unsigned levels)
{
	size_t length = walk->path.length;
	DIR *directory = opendir(text_string(&walk->path));
	struct dirent *entry = NULL;
	struct stat status;

	if (!directory) {
		if (errno != ENOENT && errno != ENOTDIR)
			tell_unlisted(walk, strerror(errno));
		return;
	}
	while (walk->entries <= MOST_ENTRIES && (errno = 0, entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		if (walk->entries++ == MOST_ENTRIES) {
			tell_unlisted(walk, "there is too much");
			break;
		}
		if (fstatat(dirfd(directory), entry->d_name, &status,
			    walk->has_windows ? AT_SYMLINK_NOFOLLOW : 0) == -1)
			continue;
		text_add_byte(&walk->path, '/');
		text_add_string(&walk->path, entry->d_name);
		judge_entry(walk, &status, levels);
		text_cut(&walk->path, length);
	}
	if (!entry && errno)
		tell_unlisted(walk, strerror(errno));
	closedir(directory);
}

static void walk_all(struct walk *walk, unsigned levels)
{
	struct stat status;

	if (stat(text_string(&walk->path), &status) == -1)
		return;
	judge_mode(walk->findings, text_string(&walk->path), &status, false);
	walk_directory(walk, levels);
	findings_add_others(
		walk->findings,
		&(struct finding){FINDING_ERROR, "world-writable", text_string(&walk->path), 0,
				  SPAN("everybody on this machine may write # more "
				       "files in this directory"),
				  "so everybody on this machine says who may relay", "chmod o-w"},
		walk->writable);
}

void audit_writable_control(struct findings *findings)
{
	struct walk walk = {.findings = findings};

	text_init(&walk.path, LONGEST);
	control_path("", &walk.path);
	text_cut(&walk.path, walk.path.length ? walk.path.length - 1 : 0); /* the slash */
	walk_all(&walk, 0);
	text_free(&walk.path);
}

void audit_writable_windows(struct findings *findings, const char *directory)
{
	struct walk walk = {.findings = findings, .has_windows = true};

	text_init(&walk.path, LONGEST);
	text_add_string(&walk.path, directory);
	walk_all(&walk, 1);
	text_free(&walk.path);
}
