/*
 * marks: who signed in by POP or IMAP a short while ago, and may therefore relay.
 *
 * A directory with one empty file for each client, named by what address_owner makes of its
 * address. The file's modification time is when the client signed in last; its contents are never
 * read. What is in a mark's place and no regular file is trouble, symbolic links are not followed,
 * and files with names of any other form are left alone.
 *
 * A renewal takes no lock, so nothing can make a login wait. All the same an expiry cannot undo one
 * that happens beside it: it moves an old mark aside (NAME.expiring), looks at it once more where
 * no renewal can reach it, and puts back one that was renewed meanwhile. A renewal is done only
 * when the file that it dated still bears the client's name. A look asks for the name, for the
 * name moved aside, and for the name again, so that it finds a mark wherever it is just then. An
 * expiry that is killed leaves at most a mark moved aside: it counts, and the next one settles it.
 */
#ifndef UNIX_MARKS_H
#define UNIX_MARKS_H

#include <stdint.h>

#include "base/address.h"
#include "base/text.h"
#include "base/verdict.h"

#define MARKS_LIFETIME	  1800	/* seconds, where nobody says otherwise */
#define MARKS_LONGEST	  86400 /* seconds: no window is longer */
#define MARKS_CLOCK_SLACK 10	/* seconds that a mark may be ahead of the clock */

/* Date the client's mark now, and make it if there is none. Returns 0, or -1 with errno. Who may
 * write to the directory may renew the mark. */
int marks_renew(const char *directory, const struct address *client);

/* Has the client a mark younger than lifetime seconds? LATER, with the reason appended to *why:
 * the marks cannot be read; what is in its place is no regular file; the mark is dated ahead of the
 * clock; there is none, but the file system is full and one may have been wanted. */
enum verdict marks_find(const char *directory, const struct address *client, uint32_t lifetime,
			struct text *why);

struct marks_count {
	unsigned long removed, kept;
};

/* Remove the marks that are not younger than lifetime seconds, and those dated ahead of the clock.
 * Returns 0, or -1 with errno when not all was done: EWOULDBLOCK when another expiry is at work. */
int marks_expire(const char *directory, uint32_t lifetime, struct marks_count *count);

#endif
