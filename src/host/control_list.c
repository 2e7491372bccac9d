#include "host/control_list.h"

#include <string.h>

#include "base/utf8.h"
#include "host/list_domain.h"
#include "queue/route.h"
#include "unix/password.h"

static bool malformed(struct text *why, const char *reason, struct span text)
{
	text_add_string(why, reason);
	text_add_string(why, ": ");
	text_add(why, text);
	return false;
}

/* What no key may be. */
static bool is_domain(struct span domain)
{
	return domain.length && !span_has_control(domain) &&
	       span_find(domain, ' ') == domain.length && span_find(domain, '@') == domain.length;
}

/* smtpd and route_find take the dot off a recipient's domain before they ask. */
static bool ends_in_dot(struct span domain)
{
	return span_byte(domain, domain.length - 1) == '.';
}

/* entry: a domain, or ".domain" for all below it. */
static void warn_of_domain(struct span entry, struct text *why)
{
	if (ends_in_dot(entry))
		malformed(why, "a domain with a dot at its end can never match", entry);
	else if (!list_domain_can_match(entry))
		malformed(why, "this is no domain and can never match", entry);
}

/* qmail-newmrh takes everything, and so must this. */
static bool read_domain(struct span entry, struct text *key, struct span *data, struct text *why)
{
	text_add_folded(key, entry);
	*data = (struct span){NULL, 0};
	warn_of_domain(entry, why);
	return true;
}

static bool read_recipient(struct span entry, struct text *key, struct span *data, struct text *why)
{
	size_t at = span_find_last(entry, '@');
	struct span local = span_head(entry, at), domain = span_tail(entry, at + 1);
	int last = span_byte(local, local.length - 1), before = span_byte(local, local.length - 2);

	if (at == entry.length)
		return malformed(why, "there is no '@' in it", entry);
	if (!is_domain(domain) || (!ends_in_dot(domain) && !list_domain_can_be(domain)))
		return malformed(why, "what follows '@' is no domain", entry);
	if (span_has_control(local) || span_byte(local, 0) == ' ')
		return malformed(why, "no mailbox has such a name", entry);
	if (last == '*' && local.length == 1)
		return malformed(why, "all mailboxes of a domain are @domain, without '*'", entry);
	if (last == '*' && before != '-' && before != '+')
		return malformed(why, "a '*' stands only behind '-' or '+'", entry);
	if (ends_in_dot(domain))
		malformed(why, "a domain with a dot at its end can never match", entry);
	else if (span_find(local, '@') < local.length)
		malformed(why, "more than one '@' can match only with ODDADDRESS=1", entry);
	text_add_folded(key, entry);
	*data = (struct span){NULL, 0};
	return true;
}

/* An account may be locked, by "*" or by '!' before the hash, as in shadow(5). */
static bool is_locked(struct span hash)
{
	return span_equal(hash, SPAN("*")) || span_byte(hash, 0) == '!';
}

/* The reasons never show what may be a password. */
static bool read_user(struct span entry, struct text *key, struct span *data, struct text *why)
{
	size_t colon = span_find(entry, ':');
	struct span name = span_head(entry, colon), hash = span_tail(entry, colon + 1);

	if (colon == entry.length) {
		text_add_string(why, "there is no ':' in it");
		return false;
	}
	if (name.length == 0 || span_has_control(name))
		return malformed(why, "no user has such a name", name);
	if (!is_locked(hash) && !password_is_hash(hash))
		return malformed(why, "what follows ':' is no hash that crypt(3) knows", name);
	if (utf8_has_mark(name))
		malformed(why, "a byte order mark is no part of a name", name);
	else if (span_trim_end(span_trim_start(name)).length < name.length)
		malformed(why, "a blank before or behind the name is part of it", name);
	text_add(key, name);
	*data = hash;
	return true;
}

/* What route_find_line takes of a line, and route_read of a route. The reasons show what stands
 * before the colon, up to a blank: there are no passwords in that. */
static bool read_route(struct span entry, struct text *key, struct span *data, struct text *why)
{
	size_t colon = span_find(entry, ':');
	struct span domain = span_head(entry, colon);
	struct route route;
	const char *reason;

	*data = span_tail(entry, colon + 1);
	if (colon == entry.length) {
		text_add_string(why, "there is no ':' in it");
		return false;
	}
	if (domain.length && !is_domain(domain))
		return malformed(why, "what stands before ':' is no domain",
				 span_head(domain, span_find(domain, ' ')));
	if (!route_read(*data, &route, &reason)) {
		malformed(why, reason, domain);
		text_add_string(why, ":...");
		return false;
	}
	if (domain.length)
		warn_of_domain(domain, why);
	text_add_folded(key, domain);
	return true;
}

const struct control_list *control_list_find(const char *name)
{
	static const struct control_list lists[] = {
		{"morercpthosts", false, false, read_domain},
		{"recipients", false, false, read_recipient},
		{"smtproutes", false, false, read_route},
		{"users", true, true, read_user},
	};

	for (size_t index = 0; index < sizeof(lists) / sizeof(*lists); index++)
		if (strcmp(lists[index].name, name) == 0)
			return &lists[index];
	return NULL;
}
