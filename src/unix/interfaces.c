#include "unix/interfaces.h"

#include <ifaddrs.h>
#include <stdlib.h>

#include "unix/report.h"
#include "unix/socket_address.h"

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
		if (item->ifa_addr &&
		    socket_address_read(item->ifa_addr, &interfaces->addresses[interfaces->count],
					NULL))
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
