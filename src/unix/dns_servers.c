#include "unix/dns_servers.h"

#define DOMAIN_PORT 53 /* RFC 1035 section 4.2 */

size_t dns_servers_read(struct span list, struct endpoint servers[DNS_SERVERS_MOST])
{
	size_t count = 0;

	for (;;) {
		size_t end = span_find(list, ',');

		if (!endpoint_read(span_head(list, end), DOMAIN_PORT, &servers[count]))
			return 0;
		count++;
		if (end == list.length || count == DNS_SERVERS_MOST)
			return count;
		list = span_tail(list, end + 1);
	}
}
