/*
 * temporary: the file in which a new one is written before it takes the place of the old; and one
 * that nobody keeps.
 */
#ifndef UNIX_TEMPORARY_H
#define UNIX_TEMPORARY_H

/* Open the temporary file, which is to be renamed to path: created if need be, locked against other
 * writers where the file system has locks, and empty. One that is another user's is removed, and
 * made anew. Returns its descriptor, or -1 with errno: EWOULDBLOCK when another writer has it;
 * EEXIST when it is the file at path itself, has another name or is no plain file. What was made in
 * vain is removed; a file that another writer may have is not. */
int temporary_open(const char *path, const char *temporary);

/* Where files are that nobody keeps: TMPDIR, or /tmp. */
const char *temporary_directory(void);

/* Make a file in a directory, to write and read, that has no name: however the program ends,
 * nothing of it is left. Returns its descriptor, or -1 with errno. */
int temporary_unnamed(const char *directory);

#endif
