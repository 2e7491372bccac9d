#include "queue/route.h"

#include "base/endpoint.h"

#define SMTP_PORT      25
#define SMTPS_PORT     465 /* RFC 8314 section 7.3 */
#define LMTP_PORT      24  /* RFC 2033 section 5 forbids 25 alone; this is what servers use */
#define LONGEST_DOMAIN 1024

enum verdict route_find(const struct lookup *lookup, struct span address, struct span *route)
{
	struct span key = span_tail(address, span_find_last(address, '@') + 1);
	enum verdict verdict = VERDICT_NO;
	struct text folded;

	text_init(&folded, LONGEST_DOMAIN);
	text_add_folded(&folded, key);
	key = text_span(&folded);
	if (key.length && key.bytes[key.length - 1] == '.')
		key.length--;
	while (key.length && verdict == VERDICT_NO) {
		verdict = lookup->find(lookup->world, key, route);
		key = span_tail(key, 1);
		key = span_tail(key, span_find(key, '.'));
	}
	if (verdict == VERDICT_NO)
		verdict = lookup->find(lookup->world, (struct span){"", 0}, route);
	if (folded.failed)
		verdict = VERDICT_LATER;
	text_free(&folded);
	return verdict;
}

/* An IPv6 address may have a scope. None has a slash, a '|' or a '*': that is a mistyped route. */
bool route_is_host(struct span host)
{
	struct address address;

	if (span_has(host, '/') || span_has(host, '|') || span_has(host, '*'))
		return false;
	return !span_has(host, ':') ||
	       address_read_span(span_head(host, span_find(host, '%')), &address);
}

/* Where anything else stands, it is not the form of a route, and may be a login. */
static bool has_other_bytes(struct span host)
{
	for (size_t index = 0; index < host.length; index++) {
		unsigned char byte = (unsigned char)host.bytes[index];

		if (!(byte >= '0' && byte <= '9') && !(byte >= 'A' && byte <= 'Z') &&
		    !(byte >= 'a' && byte <= 'z') && byte < 0x80 &&
		    !span_has(SPAN(".-_:%"), (char)byte))
			return true;
	}
	return false;
}

bool route_read(struct span text, struct route *route, const char **why)
{
	static const struct {
		struct span prefix;
		bool is_lmtp;
		enum route_security security;
		uint16_t port;
	} forms[] = {
		{{"lmtp:", 5}, true, ROUTE_CLEAR, LMTP_PORT},
		{{"starttls:", 9}, false, ROUTE_STARTTLS, SMTP_PORT},
		{{"smtps:", 6}, false, ROUTE_TLS, SMTPS_PORT},
		{{"", 0}, false, ROUTE_CLEAR, SMTP_PORT},
	};
	size_t form = 0;

	*why = "this is no next hop";
	while (!span_starts_folded(text, forms[form].prefix))
		form++;
	*route = (struct route){.is_lmtp = forms[form].is_lmtp, .security = forms[form].security};
	text = span_tail(text, forms[form].prefix.length);
	if (span_has(text, ' ')) {
		*why = "a blank is in it, and a login belongs into smtpauth";
		return false;
	}
	if (span_has_control(text))
		return false;
	route->is_path = span_byte(text, 0) == '/';
	route->host = text;
	if (route->is_path && route->security != ROUTE_CLEAR) /* whose certificate would it be? */
		return false;
	if (!route->is_path &&
	    (!endpoint_split(text, forms[form].port, &route->host, &route->port) ||
	     !route_is_host(route->host) || has_other_bytes(route->host)))
		return false;
	if (route->host.length > ROUTE_HOST) {
		*why = "the host or path is too long";
		return false;
	}
	if (route->is_lmtp && route->port == SMTP_PORT) {
		*why = "LMTP must not be spoken at port 25";
		return false;
	}
	return true;
}

enum verdict route_find_line(void *contents, struct span key, struct span *route)
{
	struct span rest = *(struct span *)contents, line;

	while (span_next_line(&rest, &line)) {
		size_t colon = span_find(line, ':');

		line = span_trim_end(line);
		if (span_byte(line, 0) == '#' || colon >= line.length)
			continue;
		if (span_equal_folded(span_head(line, colon), key)) {
			*route = span_tail(line, colon + 1);
			return VERDICT_YES;
		}
	}
	return VERDICT_NO;
}
