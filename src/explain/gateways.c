#include "explain/gateways.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "unix/netlink.h"

/* bits of its destination: there are 0.0.0.0/1 and 128.0.0.0/1 in its place, and 2000::/3 */
#define LONGEST_DEFAULT 3

static void add(struct gateways *gateways, unsigned family, struct span bytes, const char *what)
{
	struct address address;

	if (family == AF_INET && bytes.length == 4)
		address = address_from_4(bytes.bytes);
	else if (family == AF_INET6 && bytes.length == 16)
		address = address_from_16(bytes.bytes);
	else
		return;
	for (size_t index = 0; index < gateways->count; index++)
		if (address_equal(&gateways->list[index].address, &address))
			return;
	if (gateways->count == gateways->capacity) {
		size_t capacity = gateways->capacity * 2 + 16;
		struct gateway *list =
			reallocarray(gateways->list, capacity, sizeof(*gateways->list));

		gateways->failed |= !list;
		if (!list)
			return;
		gateways->list = list;
		gateways->capacity = capacity;
	}
	gateways->list[gateways->count++] = (struct gateway){address, what};
}

/* --- routes --- */

static void take_gateway(struct gateways *gateways, unsigned family,
			 struct netlink_attribute attribute)
{
	uint16_t other;

	/* RTA_VIA is a gateway of another family than the route's. */
	if (attribute.type == RTA_GATEWAY)
		add(gateways, family, attribute.body, "the default gateway");
	else if (attribute.type == RTA_VIA && netlink_cut(&attribute.body, &other, sizeof(other)))
		add(gateways, other, attribute.body, "the default gateway");
}

static void take_hops(struct gateways *gateways, unsigned family, struct span hops)
{
	struct span attributes;

	while (netlink_next_hop(&hops, &attributes)) {
		struct netlink_attribute attribute;

		while (netlink_next_attribute(&attributes, &attribute))
			take_gateway(gateways, family, attribute);
	}
}

/* Whatever its table is, and whatever it is for: each may be the way of some client. */
static void take_route(struct gateways *gateways, struct span message)
{
	struct netlink_attribute attribute;
	struct rtmsg route;

	if (!netlink_cut(&message, &route, sizeof(route)) || route.rtm_dst_len > LONGEST_DEFAULT)
		return;
	while (netlink_next_attribute(&message, &attribute)) {
		take_gateway(gateways, route.rtm_family, attribute);
		if (attribute.type == RTA_MULTIPATH)
			take_hops(gateways, route.rtm_family, attribute.body);
	}
}

/* --- bridges --- */

static bool is_bridge(struct span information)
{
	struct netlink_attribute attribute;

	while (netlink_next_attribute(&information, &attribute))
		if (attribute.type == IFLA_INFO_KIND)
			return span_equal(attribute.body, SPAN("bridge\0"));
	return false;
}

static void add_bridge(struct gateways *gateways, int number)
{
	size_t count = gateways->bridge_count + 1;
	uint32_t *bridges = reallocarray(gateways->bridges, count, sizeof(*bridges));

	gateways->failed |= !bridges;
	if (!bridges)
		return;
	bridges[count - 1] = (uint32_t)number;
	gateways->bridges = bridges;
	gateways->bridge_count = count;
}

static void take_link(struct gateways *gateways, struct span message)
{
	struct netlink_attribute attribute;
	struct ifinfomsg link;

	if (!netlink_cut(&message, &link, sizeof(link)))
		return;
	while (netlink_next_attribute(&message, &attribute))
		if (attribute.type == IFLA_LINKINFO && is_bridge(attribute.body))
			add_bridge(gateways, link.ifi_index);
}

/* An address that has a peer is IFA_LOCAL, and the peer IFA_ADDRESS. */
static void take_address(struct gateways *gateways, struct span message)
{
	struct span own = {NULL, 0};
	struct netlink_attribute attribute;
	struct ifaddrmsg address;
	size_t index = 0;

	if (!netlink_cut(&message, &address, sizeof(address)))
		return;
	while (index < gateways->bridge_count && gateways->bridges[index] != address.ifa_index)
		index++;
	if (index == gateways->bridge_count)
		return;
	while (netlink_next_attribute(&message, &attribute))
		if (attribute.type == IFA_LOCAL || (attribute.type == IFA_ADDRESS && !own.bytes))
			own = attribute.body;
	add(gateways, address.ifa_family, own, "a bridge of this machine");
}

void gateways_take(void *context, unsigned type, struct span message)
{
	switch (type) {
	case RTM_NEWROUTE: take_route(context, message); break;
	case RTM_NEWLINK: take_link(context, message); break;
	case RTM_NEWADDR: take_address(context, message); break;
	}
}

int gateways_find(struct gateways *gateways)
{
	static const unsigned questions[] = {RTM_GETROUTE, RTM_GETLINK, RTM_GETADDR};
	int reason = 0;

	for (size_t index = 0; index < sizeof(questions) / sizeof(*questions); index++)
		if (netlink_dump(questions[index], gateways_take, gateways) == -1)
			reason = errno;
	errno = reason;
	return reason ? -1 : 0;
}

void gateways_free(struct gateways *gateways)
{
	free(gateways->list);
	free(gateways->bridges);
	*gateways = (struct gateways){.count = 0};
}
