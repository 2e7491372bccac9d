#include "unix/dns_servers.h"

#include "base/number.h"

#define DOMAIN_PORT 53 /* RFC 1035 section 4.2 */

/* Cut a server into its address and what follows it, which is empty or begins with ':'. */
static bool split(struct span server, struct span *address, struct span *rest)
{
	size_t end;

	if (span_byte(server, 0) == '[') {
		end = span_find(server, ']');
		*address = span_tail(span_head(server, end), 1);
		*rest = span_tail(server, end + 1);
		return end < server.length && span_find(*address, ':') < address->length;
	}
	end = span_find(server, ':');
	if (end != span_find_last(server, ':'))
		end = server.length; /* IPv6 without a port */
	*address = span_head(server, end);
	*rest = span_tail(server, end);
	return true;
}

static bool read_server(struct span text, struct dns_server *server)
{
	struct span address, rest;
	uint64_t port = DOMAIN_PORT;

	if (!split(text, &address, &rest) || !address_read_span(address, &server->address))
		return false;
	if (rest.length && (rest.bytes[0] != ':' ||
			    !number_read_span(span_tail(rest, 1), UINT16_MAX, &port) || port == 0))
		return false;
	server->port = (uint16_t)port;
	return true;
}

size_t dns_servers_read(struct span list, struct dns_server servers[DNS_SERVERS_MOST])
{
	size_t count = 0;

	for (;;) {
		size_t end = span_find(list, ',');

		if (count == DNS_SERVERS_MOST ||
		    !read_server(span_head(list, end), &servers[count]))
			return 0;
		count++;
		if (end == list.length)
			return count;
		list = span_tail(list, end + 1);
	}
}
