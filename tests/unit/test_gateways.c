#include "explain/gateways.h"

#include <arpa/inet.h>

#include "base/text.h"
#include "support/check.h"

static void test_gateways_are_read_from_the_tables(void **state)
{
	struct gateways gateways = {.count = 0};
	char table[400], text[ADDRESS_TEXT];
	int length;

	(void)state;
	length = snprintf(table, sizeof(table),
			  "Iface\tDestination\tGateway \tFlags\n"
			  "eth0\t00000000\t%08X\t0003\t0\n"
			  "eth1\t00000000\t%08X\t0003\t0\n"
			  "eth0\t%08X\t00000000\t0001\t0\n"
			  "eth0\t%08X\t%08X\t0003\t0\n"
			  "tun0\t00000000\t00000000\t0001\t0\nshort\n",
			  inet_addr("192.0.2.1"), inet_addr("192.0.2.1"), inet_addr("192.0.2.0"),
			  inet_addr("198.51.100.0"), inet_addr("192.0.2.9"));
	gateways_read_4(&gateways, (struct span){table, (size_t)length});
	gateways_read_6(
		&gateways,
		SPAN("00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		     "fe800000000000000000000000000001 00000400 00000001 00000000 00450003 eth0\n"
		     "20010db8000000000000000000000000 20 00000000000000000000000000000000 00 "
		     "fe800000000000000000000000000002 00000400 00000001 00000000 00450003 eth0\n"
		     "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
		     "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\n"
		     "nonsense\n"));
	assert_int_equal(gateways.count, 2);
	address_write(&gateways.list[0].address, text);
	assert_string_equal(text, "192.0.2.1");
	address_write(&gateways.list[1].address, text);
	assert_string_equal(text, "fe80::1");
	gateways_free(&gateways);
}

static void test_gateways_may_be_many(void **state)
{
	struct gateways gateways = {.count = 0};
	struct text table;

	(void)state;
	text_init(&table, 100000);
	for (unsigned index = 0; index < 1000; index++) {
		char line[60];

		snprintf(line, sizeof(line), "eth0\t00000000\t%08X\t0003\n", index / 2 + 1);
		text_add_string(&table, line);
	}
	gateways_read_4(&gateways, text_span(&table));
	assert_int_equal(gateways.count, 500); /* each of them is there twice */
	assert_false(gateways.failed);
	gateways_free(&gateways);
	text_free(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gateways_are_read_from_the_tables),
		cmocka_unit_test(test_gateways_may_be_many),
	};

	return cmocka_run_group_tests_name("gateways", tests, NULL, NULL);
}
