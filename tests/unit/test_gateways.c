#include "explain/gateways.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "base/text.h"
#include "support/check.h"

/* --- messages as the kernel writes them --- */

static void add_attribute(struct text *message, uint16_t type, struct span body)
{
	uint16_t header[2] = {(uint16_t)(body.length + 4), type};

	text_add(message, (struct span){(const char *)header, sizeof(header)});
	text_add(message, body);
	while (message->length % 4 != 0)
		text_add_byte(message, '\0');
}

static void add_address(struct text *message, uint16_t type, const char *string)
{
	struct address address;

	assert_true(address_read(string, &address));
	add_attribute(message, type,
		      (struct span){(const char *)address.bytes, address.version == 4 ? 4 : 16});
}

static void add_via(struct text *message, const char *string)
{
	char body[18] = {0};
	uint16_t family = AF_INET6;

	memcpy(body, &family, 2);
	assert_int_equal(inet_pton(AF_INET6, string, body + 2), 1);
	add_attribute(message, RTA_VIA, (struct span){body, sizeof(body)});
}

static void add_hop(struct text *message, const struct text *attributes)
{
	struct rtnexthop hop = {.rtnh_len = (uint16_t)(sizeof(hop) + attributes->length)};

	text_add(message, (struct span){(const char *)&hop, sizeof(hop)});
	text_add(message, text_span(attributes));
}

static void begin_route(struct text *message, uint8_t family, uint8_t length, uint8_t table)
{
	struct rtmsg route = {.rtm_family = family, .rtm_dst_len = length, .rtm_table = table};

	text_clear(message);
	text_add(message, (struct span){(const char *)&route, sizeof(route)});
}

static void begin_link(struct text *message, int number, struct span kind)
{
	struct ifinfomsg link = {.ifi_index = number};
	struct text information;

	text_init(&information, 100);
	add_attribute(&information, IFLA_INFO_DATA, SPAN("12345"));
	add_attribute(&information, IFLA_INFO_KIND, kind);
	text_clear(message);
	text_add(message, (struct span){(const char *)&link, sizeof(link)});
	add_attribute(message, IFLA_IFNAME, SPAN("bridge\0"));
	add_attribute(message, IFLA_LINKINFO | NLA_F_NESTED, text_span(&information));
	text_free(&information);
}

static void begin_address(struct text *message, uint8_t family, unsigned number)
{
	struct ifaddrmsg address = {.ifa_family = family, .ifa_index = number};

	text_clear(message);
	text_add(message, (struct span){(const char *)&address, sizeof(address)});
}

/* What is taken from the message itself, and nothing from what is cut short or falsified: in memory
 * of its own length, so that a sanitizer sees what is read behind it. */
static void take(struct gateways *gateways, unsigned type, const struct text *message)
{
	struct gateways others = {.count = 0};

	for (size_t length = 0; length <= message->length; length++) {
		char *bytes = malloc(length + 1);

		memcpy(bytes, message->bytes, length);
		gateways_take(&others, type, (struct span){bytes, length});
		for (size_t index = 0; index < length; index++) {
			bytes[index] = (char)(bytes[index] ^ 1 << length % 8);
			gateways_take(&others, type, (struct span){bytes, length});
		}
		free(bytes);
	}
	gateways_free(&others);
	gateways_take(gateways, type, text_span(message));
}

static void expect(struct gateways *gateways, const char *what, const char *const *expected,
		   size_t count)
{
	for (size_t index = 0; index < count && index < gateways->count; index++) {
		char text[ADDRESS_TEXT];

		address_write(&gateways->list[index].address, text);
		assert_string_equal(text, expected[index]);
		assert_string_equal(gateways->list[index].what, what);
	}
	assert_int_equal(gateways->count, count);
	assert_false(gateways->failed);
	gateways_free(gateways);
}

/* --- tests --- */

static void test_a_default_route_leads_to_a_gateway(void **state)
{
	static const struct {
		uint8_t family, length, table;
		const char *gateway;
	} routes[] = {
		{AF_INET, 0, RT_TABLE_MAIN, "192.0.2.1"},
		{AF_INET, 0, RT_TABLE_MAIN, "192.0.2.1"},
		{AF_INET, 1, RT_TABLE_MAIN, "192.0.2.2"},
		{AF_INET, 0, 100, "192.0.2.3"},
		{AF_INET, 8, RT_TABLE_MAIN, "192.0.2.4"},
		{AF_INET, 32, RT_TABLE_MAIN, "192.0.2.5"},
		{AF_INET6, 0, RT_TABLE_MAIN, "fe80::1"},
		{AF_INET6, 3, 100, "fe80::2"},
		{AF_INET6, 32, RT_TABLE_MAIN, "fe80::3"},
		{AF_INET6, 0, RT_TABLE_MAIN,
		 "192.0.2.6"}, /* of another length than that family's */
		{AF_INET, 0, RT_TABLE_MAIN, "fe80::4"},
		{AF_UNIX, 0, RT_TABLE_MAIN, "192.0.2.7"},
	};
	static const char *const expected[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "fe80::1",
					       "fe80::2"};
	struct gateways gateways = {.count = 0};
	struct text message;

	(void)state;
	text_init(&message, 1000);
	for (size_t index = 0; index < LENGTH(routes); index++) {
		begin_route(&message, routes[index].family, routes[index].length,
			    routes[index].table);
		add_attribute(&message, RTA_OIF, SPAN("1234"));
		add_address(&message, RTA_GATEWAY, routes[index].gateway);
		take(&gateways, RTM_NEWROUTE, &message);
		take(&gateways, RTM_DELROUTE, &message);
	}
	begin_route(&message, AF_INET, 0, RT_TABLE_MAIN); /* that of a tunnel */
	take(&gateways, RTM_NEWROUTE, &message);
	expect(&gateways, "the default gateway", expected, LENGTH(expected));
	text_free(&message);
}

static void test_a_route_may_have_several_hops(void **state)
{
	static const char *const expected[] = {"192.0.2.1", "192.0.2.2", "2001:db8::1",
					       "2001:db8::2"};
	struct gateways gateways = {.count = 0};
	struct text message, hops, attributes;

	(void)state;
	text_init(&message, 1000);
	text_init(&hops, 1000);
	text_init(&attributes, 1000);
	add_address(&attributes, RTA_GATEWAY, "192.0.2.1");
	add_hop(&hops, &attributes);
	text_clear(&attributes);
	add_hop(&hops, &attributes); /* one that leads into a tunnel */
	add_attribute(&attributes, RTA_FLOW, SPAN("1234"));
	add_address(&attributes, RTA_GATEWAY, "192.0.2.2");
	add_hop(&hops, &attributes);
	text_clear(&attributes);
	add_via(&attributes, "2001:db8::1");
	add_hop(&hops, &attributes);

	begin_route(&message, AF_INET, 0, RT_TABLE_MAIN);
	add_attribute(&message, RTA_MULTIPATH, text_span(&hops));
	take(&gateways, RTM_NEWROUTE, &message);
	begin_route(&message, AF_INET, 0, RT_TABLE_MAIN);
	add_via(&message, "2001:db8::2");
	take(&gateways, RTM_NEWROUTE, &message);
	expect(&gateways, "the default gateway", expected, LENGTH(expected));
	text_free(&message);
	text_free(&hops);
	text_free(&attributes);
}

static void test_gateways_may_be_many(void **state)
{
	struct gateways gateways = {.count = 0};
	struct text message;

	(void)state;
	text_init(&message, 1000);
	for (unsigned index = 0; index < 1000; index++) {
		char string[ADDRESS_TEXT];

		snprintf(string, sizeof(string), "10.0.%u.%u", index / 200, index / 2 % 100);
		begin_route(&message, AF_INET, 0, RT_TABLE_MAIN);
		add_address(&message, RTA_GATEWAY, string);
		gateways_take(&gateways, RTM_NEWROUTE, text_span(&message));
	}
	assert_int_equal(gateways.count, 500); /* each of them is there twice */
	assert_false(gateways.failed);
	gateways_free(&gateways);
	text_free(&message);
}

static void test_addresses_of_bridges_are_found(void **state)
{
	static const char *const expected[] = {"172.17.0.1", "172.18.0.1", "fe80::2"};
	struct gateways gateways = {.count = 0};
	struct text message;

	(void)state;
	text_init(&message, 1000);
	begin_link(&message, 2, SPAN("bridge\0"));
	take(&gateways, RTM_NEWLINK, &message);
	begin_link(&message, 3, SPAN("bridge_slave\0"));
	take(&gateways, RTM_NEWLINK, &message);
	begin_link(&message, 300, SPAN("bridge\0"));
	take(&gateways, RTM_NEWLINK, &message);

	begin_address(&message, AF_INET, 2);
	add_address(&message, IFA_ADDRESS, "172.17.0.1");
	add_attribute(&message, IFA_LABEL, SPAN("another\0"));
	take(&gateways, RTM_NEWADDR, &message);
	begin_address(&message, AF_INET, 300); /* and its peer */
	add_address(&message, IFA_ADDRESS, "172.18.0.2");
	add_address(&message, IFA_LOCAL, "172.18.0.1");
	take(&gateways, RTM_NEWADDR, &message);
	begin_address(&message, AF_INET6, 2); /* the other way round */
	add_address(&message, IFA_LOCAL, "fe80::2");
	add_address(&message, IFA_ADDRESS, "fe80::9");
	take(&gateways, RTM_NEWADDR, &message);
	begin_address(&message, AF_INET, 3);
	add_address(&message, IFA_LOCAL, "172.19.0.1");
	take(&gateways, RTM_NEWADDR, &message);
	begin_address(&message, AF_INET, 2);
	take(&gateways, RTM_NEWADDR, &message);
	expect(&gateways, "a bridge of this machine", expected, LENGTH(expected));
	text_free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_default_route_leads_to_a_gateway),
		cmocka_unit_test(test_a_route_may_have_several_hops),
		cmocka_unit_test(test_gateways_may_be_many),
		cmocka_unit_test(test_addresses_of_bridges_are_found),
	};

	return cmocka_run_group_tests_name("gateways", tests, NULL, NULL);
}
