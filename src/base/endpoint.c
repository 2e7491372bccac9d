#include "base/endpoint.h"

#include "base/number.h"

/* Cut it into the host and what follows it, which is empty or begins with ':'. */
static bool split(struct span text, struct span *host, struct span *rest)
{
	size_t end;

	if (span_byte(text, 0) == '[') {
		end = span_find(text, ']');
		*host = span_tail(span_head(text, end), 1);
		*rest = span_tail(text, end + 1);
		return end < text.length;
	}
	end = span_find(text, ':');
	if (end != span_find_last(text, ':'))
		end = text.length; /* IPv6 without a port */
	*host = span_head(text, end);
	*rest = span_tail(text, end);
	return true;
}

bool endpoint_split(struct span text, uint16_t default_port, struct span *host, uint16_t *port)
{
	uint64_t number = default_port;
	struct span rest;

	if (!split(text, host, &rest) || host->length == 0)
		return false;
	if (rest.length &&
	    (rest.bytes[0] != ':' || !number_read_span(span_tail(rest, 1), UINT16_MAX, &number) ||
	     number == 0))
		return false;
	*port = (uint16_t)number;
	return true;
}

bool endpoint_read(struct span text, uint16_t default_port, struct endpoint *endpoint)
{
	struct span host;

	if (!endpoint_split(text, default_port, &host, &endpoint->port) ||
	    !address_read_span(host, &endpoint->address))
		return false;
	return span_byte(text, 0) != '[' || span_find(host, ':') < host.length;
}
