#include "unix/interfaces.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "unix/report.h"

static bool address_of(const struct sockaddr *socket_address, struct address *address)
{
	if (!socket_address)
		return false;
	switch (socket_address->sa_family) {
	case AF_INET:
		*address = address_from_4(
			&((const struct sockaddr_in *)(const void *)socket_address)->sin_addr);
		return true;
	case AF_INET6:
		*address = address_from_16(
			&((const struct sockaddr_in6 *)(const void *)socket_address)->sin6_addr);
		return true;
	default: return false;
	}
}

static void read_them(struct interfaces *interfaces)
{
	struct ifaddrs *list;
	size_t count = 0;

	interfaces->is_read = true;
	if (getifaddrs(&list) == -1) {
		warn_errno("unable to find this host's addresses");
		return;
	}
	for (const struct ifaddrs *item = list; item; item = item->ifa_next)
		count++;
	interfaces->addresses = calloc(count ? count : 1, sizeof(*interfaces->addresses));
	if (!interfaces->addresses)
		warn_errno("unable to keep this host's addresses");
	for (const struct ifaddrs *item = list; item && interfaces->addresses;
	     item = item->ifa_next)
		if (address_of(item->ifa_addr, &interfaces->addresses[interfaces->count]))
			interfaces->count++;
	freeifaddrs(list);
}

bool interfaces_have(struct interfaces *interfaces, const struct address *address)
{
	static const struct address any_4 = {.version = 4}, any_6 = {.version = 6};

	if (address_equal(address, &any_4) || address_equal(address, &any_6))
		return true;
	if (!interfaces->is_read)
		read_them(interfaces);
	for (size_t index = 0; index < interfaces->count; index++)
		if (address_equal(address, &interfaces->addresses[index]))
			return true;
	return false;
}

void interfaces_free(struct interfaces *interfaces)
{
	free(interfaces->addresses);
	*interfaces = (struct interfaces){.is_read = false};
}
