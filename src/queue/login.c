#include "queue/login.h"

#include "base/base64.h"
#include "base/endpoint.h"

/* Cut the next line off the front that is no comment. */
static bool next_line(struct span *rest, struct span *line, unsigned *number)
{
	while (span_next_line(rest, line)) {
		++*number;
		*line = span_trim_end(*line);
		if (line->length && line->bytes[0] != '#')
			return true;
	}
	return false;
}

static size_t first_blank(struct span line)
{
	size_t space = span_find(line, ' '), tab = span_find(line, '\t');

	return space < tab ? space : tab;
}

/* Read a line; *port is 0 where it is for all. */
static bool read_line(struct span line, struct span *host, uint16_t *port, struct login *login)
{
	struct span rest = span_trim_start(span_tail(line, first_blank(line)));
	size_t colon = span_find(rest, ':');

	line = span_head(line, first_blank(line));
	*port = 0;
	*host = line;
	login->user = span_head(rest, colon);
	login->password = span_tail(rest, colon + 1);
	return login->user.length && login->password.length && !span_has_control(rest) &&
	       (span_byte(line, 0) == '/' ||
		(endpoint_split(line, 0, host, port) && route_is_host(*host)));
}

unsigned login_malformed(struct span contents)
{
	struct span line, host;
	struct login login;
	unsigned number = 0;
	uint16_t port;

	while (next_line(&contents, &line, &number))
		if (!read_line(line, &host, &port, &login))
			return number;
	return 0;
}

bool login_find(struct span contents, const struct route *route, struct login *login)
{
	struct span line, host;
	unsigned number = 0;
	uint16_t port;

	while (next_line(&contents, &line, &number))
		if (read_line(line, &host, &port, login) && (port == 0 || port == route->port) &&
		    (route->is_path ? span_equal(host, route->host)
				    : span_equal_folded(host, route->host)))
			return true;
	return false;
}

enum login_mechanism login_choose(struct span mechanisms)
{
	enum login_mechanism mechanism = LOGIN_NONE;

	while (mechanisms.length) {
		struct span name = span_head(mechanisms, first_blank(mechanisms));

		mechanisms = span_trim_start(span_tail(mechanisms, name.length));
		if (span_equal_folded(name, SPAN("PLAIN")))
			return LOGIN_PLAIN;
		if (span_equal_folded(name, SPAN("LOGIN")))
			mechanism = LOGIN_LOGIN;
	}
	return mechanism;
}

void login_write_plain(const struct login *login, struct text *line)
{
	struct text message;

	text_init(&message, 2 + login->user.length + login->password.length);
	if (text_reserve(&message, message.maximum)) { /* so that it is in one place only */
		text_add_byte(&message, '\0');
		text_add(&message, login->user);
		text_add_byte(&message, '\0');
		text_add(&message, login->password);
	}
	if (message.failed)
		line->failed = true;
	base64_write(text_span(&message), line);
	text_wipe(&message);
	text_free(&message);
}
