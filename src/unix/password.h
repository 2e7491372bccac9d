/*
 * password: hashes of passwords, made and checked by crypt(3), as crypt(5) describes them.
 *
 * A check takes the same time whether the user exists, and compares in time that does not depend on
 * the bytes. Nothing of a password stays in memory that this module used.
 */
#ifndef UNIX_PASSWORD_H
#define UNIX_PASSWORD_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"

#define PASSWORD_LONGEST 511 /* bytes, crypt(3)'s limit */

/* Is this the hash of some password, of a kind that crypt(3) on this machine knows? Says so by its
 * form; the password is not at hand. */
bool password_is_hash(struct span hash);

/* Is the password that of the hash? LATER: crypt(3) could not do its work, as when memory is short.
 * What is no hash of some password matches none; of a user who does not exist it is the empty span.
 * For them the time is spent that a check against model takes, or where that is no hash either,
 * against one as password_hash makes it. */
enum verdict password_matches(const char *password, struct span hash, struct span model);

/* Append a new yescrypt hash ("$y$") of the password to *hash. Returns 0, or -1 with errno. */
int password_hash(const char *password, struct text *hash);

#endif
