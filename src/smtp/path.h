/*
 * path: the address in a MAIL or RCPT command.
 *
 * Reading makes the one form of the address that is decided on, queued and logged: without angle
 * brackets, source route, quotes and backslashes. Follows RFC 5321 section 4.1.2 and RFC 6531; as
 * with qmail-smtpd the angle brackets may be missing, a domain may be missing, and what follows the
 * last '@' is the domain.
 */
#ifndef SMTP_PATH_H
#define SMTP_PATH_H

#include <stdbool.h>

#include "base/address.h"
#include "base/span.h"
#include "base/text.h"

#define PATH_LARGEST 900 /* bytes of the longest address */

struct smtp_path {
	struct text address; /* init and free are the caller's; room for at least PATH_LARGEST */
	size_t at;	     /* index of the '@' before the domain; address.length: no domain */
	bool is_odd;	     /* a source route, or one of @ % ! : in the local part */
	bool is_beyond_ascii;
	bool is_utf8; /* true for plain ASCII too */
};

enum path_result { PATH_OK, PATH_SYNTAX, PATH_TOO_LONG, PATH_NO_MEMORY };

/* Read the path at the start of text, which begins behind the colon of FROM: or TO:. *rest becomes
 * what follows it, which is empty or begins with a blank. The empty address of "<>" is PATH_OK. */
enum path_result path_read(struct span text, struct smtp_path *path, struct span *rest);

/* The same for an address that path_read could have made, as it is queued. The empty one, of a null
 * sender, is PATH_OK. */
enum path_result path_read_queued(struct span address, struct smtp_path *path);

/* The sender that qmail gives to bounces of bounces: it looks like an address, and can be none. */
bool path_is_double_bounce(const struct smtp_path *path);

/* The part behind the last '@'; empty when there is none. */
struct span path_domain(const struct smtp_path *path);

/* Whether the domain is an address literal, RFC 5321 section 4.1.3, and which address it is. */
bool path_literal(const struct smtp_path *path, struct address *address);

/* Put another domain in the place of the one it has. */
void path_set_domain(struct smtp_path *path, struct span domain);

#endif
