#include "queue/route.h"

#include "base/endpoint.h"

#define SMTP_PORT      25
#define LMTP_PORT      24 /* RFC 2033 section 5 leaves it open; this is what servers use */
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
		verdict = VERDICT_NO;
	text_free(&folded);
	return verdict;
}

bool route_read(struct span text, struct route *route)
{
	*route = (struct route){.is_lmtp = span_starts_folded(text, SPAN("lmtp:"))};
	if (route->is_lmtp)
		text = span_tail(text, sizeof("lmtp:") - 1);
	if (span_find(text, '\0') < text.length || span_find(text, ' ') < text.length)
		return false;
	route->is_path = span_byte(text, 0) == '/';
	if (!route->is_path)
		return endpoint_split(text, route->is_lmtp ? LMTP_PORT : SMTP_PORT, &route->host,
				      &route->port);
	route->host = text;
	return true;
}

enum verdict route_find_line(void *contents, struct span key, struct span *route)
{
	struct span rest = *(struct span *)contents, line;

	while (span_next_line(&rest, &line)) {
		size_t colon = span_find(line, ':');

		line = span_trim_end(line);
		if (line.length == 0 || line.bytes[0] == '#' || colon >= line.length)
			continue;
		if (span_equal_folded(span_head(line, colon), key)) {
			*route = span_tail(line, colon + 1);
			return VERDICT_YES;
		}
	}
	return VERDICT_NO;
}
