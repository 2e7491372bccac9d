/*
 * login: the name and password that a next hop wants of us, and how SMTP says them.
 *
 * They are lines of control/smtpauth, "HOST USER:PASSWORD" or "HOST:PORT USER:PASSWORD", as Postfix
 * writes them; the first line that fits counts. HOST is what the route has, letters of any case,
 * and a line without a port is for all ports. A password may have colons and blanks in it, but no
 * blank at its end. Follows RFC 4954 (AUTH) and 4616 (PLAIN); LOGIN is what servers do.
 */
#ifndef QUEUE_LOGIN_H
#define QUEUE_LOGIN_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"
#include "queue/route.h"

enum login_mechanism { LOGIN_NONE, LOGIN_PLAIN, LOGIN_LOGIN };

struct login {
	struct span user, password; /* parts of the file's contents */
};

/* The number of the first line that is malformed, from 1; 0: there is none. */
unsigned login_malformed(struct span contents);

/* Find the login for a route. False when there is none. */
bool login_find(struct span contents, const struct route *route, struct login *login);

/* The mechanism to take of those that a reply to EHLO lists behind AUTH. */
enum login_mechanism login_choose(struct span mechanisms);

/* Append what PLAIN sends, in base64. */
void login_write_plain(const struct login *login, struct text *line);

#endif
