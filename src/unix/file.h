/*
 * file: whole reads and whole writes on descriptors, files made durable, and files compared by
 * their status.
 *
 * Functions return 0, or -1 with errno; EINTR and short transfers are handled here.
 */
#ifndef UNIX_FILE_H
#define UNIX_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/span.h"
#include "base/text.h"

/* Open a file of the administrator's for reading, without waiting for anything, close-on-exec.
 * Returns the descriptor, or -1 with errno. ENOENT says that nobody has put a file there; a
 * symbolic link that leads nowhere, to a file system that is not mounted say, is ENOLINK. */
int file_open(const char *path);

/* Write all the bytes. */
int file_write(int descriptor, struct span bytes);

/* Read what is there, up to size bytes. Returns their count, 0 at the end of the file. */
ssize_t file_read(int descriptor, void *bytes, size_t size);

/* Append all up to the end of the file to *text; EFBIG when that passes its maximum. */
int file_read_all(int descriptor, struct text *text);

/* How many bytes could be read at once. 0 also where that cannot be asked. */
size_t file_unread(int descriptor);

/* Let no program that is executed inherit a descriptor from 3 on that is open now. */
void file_inherit_none(void);

/* Close all descriptors from 3 on but these. */
void file_keep_only(const int *kept, size_t count);

/* Whether two are one file; whether the left one was written to later; whether a file has not been
 * written to in between. */
bool file_is_same(const struct stat *left, const struct stat *right);
bool file_is_newer(const struct stat *left, const struct stat *right);
bool file_is_unchanged(const struct stat *before, const struct stat *after);

/* Give a file the owner, the group and, but for what others may, the permissions of another. What
 * this process may not give is left out, and then the group may nothing. */
int file_protect_like(int descriptor, int model);

/* Make a rename or a new name in the directory that holds path durable. Slashes at the end of path
 * do not count. */
int file_sync_directory_of(const char *path);

#endif
