/*
 * control: the control directory, whose small files configure the programs.
 *
 * The directory is CONTROLDIR, or control below the home. A file that does not exist gives the
 * default; one that exists and cannot be read, or holds an unusable value, is an error: never is it
 * treated as absent. On an error *why gets the reason with the file's name.
 */
#ifndef UNIX_CONTROL_H
#define UNIX_CONTROL_H

#include <stdint.h>

#include "base/text.h"
#include "base/verdict.h"

#define CONTROL_LARGEST (64 * 1024 * 1024) /* bytes of the largest file that is read */

/* Write the path of a file in the control directory. */
void control_path(const char *name, struct text *path);

/* Append a file's contents to *contents. YES; NO when there is no such file; LATER on an error. */
enum verdict control_read(const char *name, struct text *contents, struct text *why);

/* The same for a file with passwords: it is an error when others may read or write it. The bytes
 * are in one place only, which the caller shall overwrite with text_wipe. */
enum verdict control_read_secret(const char *name, struct text *contents, struct text *why);

/* Append a file's first line, without the blanks at its end, to *line. YES, NO and LATER as above;
 * a line with a control character in it is an error, since such lines go out in replies and
 * commands. */
enum verdict control_line(const char *name, struct text *line, struct text *why);

/* A number: from the environment variable if one is named and set (an empty value is 0), else from
 * the file, else, and for an empty file, *number stays. A negative number counts as 0. False on an
 * error, and for a value above maximum. */
bool control_number(const char *name, const char *variable, uint64_t maximum, uint64_t *number,
		    struct text *why);

/* The same for a value that is at hand, of the file or variable of that name: an empty one is 0. */
bool control_number_of(const char *name, struct span value, uint64_t maximum, uint64_t *number,
		       struct text *why);

/* Cut the next entry off the front of a list file's contents: lines without the blanks at their
 * end, but for empty ones and those that start with '#'. *number, if not NULL, counts lines. */
bool control_next(struct span *rest, struct span *entry, unsigned *number);

#endif
