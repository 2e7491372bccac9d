/*
 * ident: who the other end's machine says the user at the other end is (RFC 1413).
 *
 * The machine is a stranger's: it can be slow, silent, or talk without end. Nothing here blocks,
 * and at most 1000 bytes of its answer are read.
 */
#ifndef UNIX_IDENT_H
#define UNIX_IDENT_H

#include <poll.h>

#include "base/text.h"
#include "base/verdict.h"
#include "unix/connection.h"

struct ident {
	int descriptor; /* -1 when there is nothing to wait for */
	char question[32];
	size_t sent;
	struct text answer;
};

/* Begin to ask about a connection, from this end's address. Returns 0, or -1 with errno. */
int ident_start(struct ident *ident, const struct connection *connection);

/* Stop asking; *ident may be one that could not be started. */
void ident_stop(struct ident *ident);

/* Fill in what to wait for. */
struct pollfd ident_poll(const struct ident *ident);

/* Go on, when poll(2) says so. LATER: wait again. YES: the answer was appended to *info. NO: there
 * is none. */
enum verdict ident_continue(struct ident *ident, struct text *info);

/* Append what a whole answer says the user is: what is behind its third colon, without blanks, made
 * printable, at most 256 bytes. Answers of another form say nothing. */
void ident_read(struct span answer, struct text *info);

#endif
