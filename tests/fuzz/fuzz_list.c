/*
 * Any bytes as a list that an administrator or a program wrote: names, routes, logins, and the
 * lists that become databases. What is read of a line is a part of it, a route or login that is
 * found is one that could be written, and a name is found where a reader from the first line on
 * finds it.
 *
 * The first byte chooses the list that a database is made of.
 */
#include <assert.h>

#include "host/control_list.h"
#include "host/entries.h"
#include "queue/login.h"
#include "queue/route.h"
#include "smtp/sasl.h"
#include "unix/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const names[] = {"recipients", "morercpthosts", "smtproutes", "users"};

static bool is_part(struct span part, struct span whole)
{
	return part.length == 0 || (part.bytes >= whole.bytes &&
				    part.bytes + part.length <= whole.bytes + whole.length);
}

static void check_plain(const struct login *login)
{
	struct text line, message;
	size_t user = login->user.length, password = login->password.length;

	text_init(&line, 4 * 1024 * 1024);
	text_init(&message, 4 * 1024 * 1024);
	login_write_plain(login, &line);
	assert(sasl_decode(text_span(&line), &message));
	assert(message.length == 2 + user + password && message.bytes[0] == '\0');
	assert(span_equal(span_head(span_tail(text_span(&message), 1), user), login->user));
	assert(message.bytes[1 + user] == '\0');
	assert(span_equal(span_tail(text_span(&message), 2 + user), login->password));
	text_free(&line);
	text_free(&message);
}

static void check_logins(struct span contents, const struct route *route)
{
	struct login login;

	if (!login_find(contents, route, &login))
		return;
	assert(login.user.length && login.password.length);
	assert(is_part(login.user, contents) && is_part(login.password, contents));
	assert(login.user.bytes + login.user.length + 1 == login.password.bytes);
	assert(span_find(login.user, ':') == login.user.length);
	check_plain(&login);
}

static void check_route(struct span text, struct span contents)
{
	struct route route, again;
	struct text written;
	const char *why;

	if (!route_read(text, &route, &why))
		return;
	assert(!route.is_lmtp || route.port != 25);
	assert(route.host.length > 0 && route.host.length <= ROUTE_HOST);
	assert(is_part(route.host, text));
	assert(span_find(route.host, '\0') == route.host.length);
	assert(route.is_path ? route.host.bytes[0] == '/' : route.port > 0);
	check_logins(contents, &route);
	if (route.is_path || span_find(route.host, ':') < route.host.length ||
	    span_find(route.host, '[') < route.host.length ||
	    span_find(route.host, ']') < route.host.length)
		return;
	text_init(&written, text.length + 100);
	text_add_string(&written, route.is_lmtp			     ? "lmtp:"
				  : route.security == ROUTE_STARTTLS ? "starttls:"
				  : route.security == ROUTE_TLS	     ? "smtps:"
								     : "");
	text_add(&written, route.host);
	text_add_byte(&written, ':');
	text_add_number(&written, route.port);
	if (route_read(text_span(&written), &again, &why)) { /* a host may be called lmtp */
		assert(again.is_lmtp != route.is_lmtp || again.security != route.security ||
		       (again.port == route.port && span_equal(again.host, route.host)));
	}
	text_free(&written);
}

static void check_list(const struct control_list *list, struct span contents)
{
	unsigned number = 0, before = 0;
	struct span entry, data;
	struct text key, why;

	text_init(&key, 2 * CONTROL_LIST_LONGEST_LINE);
	text_init(&why, 1000);
	while (control_next(&contents, &entry, &number)) {
		assert(number > before && entry.length && entry.bytes[0] != '#');
		before = number;
		entry = span_head(entry, CONTROL_LIST_LONGEST_LINE);
		text_clear(&key);
		text_clear(&why);
		if (list->read(entry, &key, &data, &why))
			assert(is_part(data, entry) && key.length <= entry.length + 1);
		else
			assert(why.length > 0);
	}
	text_free(&key);
	text_free(&why);
}

static unsigned line_of(struct span contents, struct span name)
{
	unsigned number = 0;
	struct span entry;

	while (control_next(&contents, &entry, &number))
		if (span_equal_folded(entry, name))
			return number;
	return 0;
}

static void check_entries(struct span contents)
{
	static const struct span asked[] = {{"example.org", 11}, {".org", 4}, {"#x", 2}, {"", 0}};
	struct entries entries = {.exists = true};
	struct span rest = contents, entry;
	unsigned number = 0, line;

	text_init(&entries.contents, CONTROL_LARGEST);
	text_add(&entries.contents, contents);
	for (size_t index = 0; index < sizeof(asked) / sizeof(asked[0]); index++) {
		line = line_of(contents, asked[index]);
		assert(entries_line(&entries, asked[index]) == line);
		assert(entries_find(&entries, asked[index]) == (line ? VERDICT_YES : VERDICT_NO));
	}
	for (unsigned tried = 0; tried < 20 && control_next(&rest, &entry, &number); tried++)
		assert(entries_line(&entries, entry) == line_of(contents, entry));
	entries_free(&entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span contents = {(const char *)bytes + 1, size - 1}, rest, line, route;
	const struct control_list *list;
	struct lookup lookup;

	if (size == 0)
		return 0;
	list = control_list_find(names[bytes[0] % 4]);
	if (list && bytes[0] % 4 != 3) /* to look at a password's hash takes long */
		check_list(list, contents);
	check_entries(contents);
	rest = contents;
	while (span_next_line(&rest, &line)) {
		check_route(line, contents);
		check_route(span_tail(line, span_find(line, ':') + 1), contents);
	}
	rest = contents;
	assert(login_malformed(contents) <= size);
	lookup = (struct lookup){&rest, route_find_line};
	if (route_find(&lookup, SPAN("Ann@mail.example.org."), &route) == VERDICT_YES)
		assert(is_part(route, contents));
	return 0;
}
