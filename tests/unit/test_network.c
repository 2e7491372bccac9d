#include "explain/network.h"

#include "support/check.h"

static void test_network_reads_the_keys_of_rules(void **state)
{
	static const struct {
		const char *key;
		enum network_kind kind;
		unsigned prefix_length;
		bool has_info, is_public;
	} cases[] = {
		{"", NETWORK_EVERYBODY, 0, false, false},
		{"0.0.0.0/0", NETWORK_EVERYBODY, 0, false, false},
		{"::/0", NETWORK_EVERYBODY, 0, false, false},
		{"=", NETWORK_NAMES, 0, false, false},
		{"=.office.example", NETWORK_NAMES, 0, false, false},
		{"=a@b.example", NETWORK_NAMES, 0, false, false},
		{"joe@=pc.example", NETWORK_NAMES, 0, true, false},
		{"192.0.2.1", NETWORK_ADDRESSES, 32, false, true},
		{"joe@192.0.2.1", NETWORK_ADDRESSES, 32, true, true},
		{"192.0.2.", NETWORK_ADDRESSES, 24, false, true},
		{"192.0.", NETWORK_ADDRESSES, 16, false, true},
		{"192.", NETWORK_ADDRESSES, 8, false, true},
		{"192.0.2.0/25", NETWORK_ADDRESSES, 25, false, true},
		{"10.", NETWORK_ADDRESSES, 8, false, false},
		{"10.0.0.0/7", NETWORK_ADDRESSES, 7, false, true},
		{"172.16.0.0/12", NETWORK_ADDRESSES, 12, false, false},
		{"172.", NETWORK_ADDRESSES, 8, false, true},
		{"172.32.1.", NETWORK_ADDRESSES, 24, false, true},
		{"192.168.3.", NETWORK_ADDRESSES, 24, false, false},
		{"127.0.0.1", NETWORK_ADDRESSES, 32, false, false},
		{"100.64.0.0/10", NETWORK_ADDRESSES, 10, false, false},
		{"2001:db8::/32", NETWORK_ADDRESSES, 32, false, true},
		{"fd00:1::/32", NETWORK_ADDRESSES, 32, false, false},
		{"fe80::1", NETWORK_ADDRESSES, 128, false, false},
		{"::1", NETWORK_ADDRESSES, 128, false, false},
		{"192.0.2", NETWORK_NONE, 0, false, false},
		{"192.0.2.1.", NETWORK_NONE, 0, false, false},
		{"256.", NETWORK_NONE, 0, false, false},
		{".", NETWORK_NONE, 0, false, false},
		{"joe@", NETWORK_NONE, 0, true, false},
		{"192.0.2.0/24", NETWORK_NONE, 0, false, false},
		{"192.0.2.1/25", NETWORK_NONE, 0, false, false},
		{"2001:DB8::1", NETWORK_NONE, 0, false, false},
		{"192.0.2.0/33", NETWORK_NONE, 0, false, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct network network = network_read(span_of(cases[index].key));

		if (network.kind != cases[index].kind || network.has_info != cases[index].has_info)
			fail_msg("%s: kind %d", cases[index].key, (int)network.kind);
		if (network.kind != NETWORK_ADDRESSES)
			continue;
		if (network.prefix_length != cases[index].prefix_length ||
		    network_is_public(&network) != cases[index].is_public)
			fail_msg("%s: /%u, public %d", cases[index].key, network.prefix_length,
				 network_is_public(&network));
	}
}

static void test_network_counts_addresses(void **state)
{
	static const struct {
		const char *key;
		uint64_t all, public;
	} cases[] = {
		{"192.0.2.1", 1, 1},
		{"joe@192.0.2.1", 1, 1},
		{"192.0.2.", 256, 256},
		{"192.0.2.0/25", 128, 128},
		{"192.168.3.", 256, 0},
		{"172.", 1 << 24, 1 << 24},
		{"0.0.0.0/1", (uint64_t)1 << 31, (uint64_t)1 << 31},
		{"", 0, 0},
		{"=", 0, 0},
		{"192.0.2", 0, 0},
		{"2001:db8::1", 0, 0},
		{"64:ff9b::/96", (uint64_t)1 << 32, (uint64_t)1 << 32},
		{"64:ff9b::/32", (uint64_t)1 << 32, (uint64_t)1 << 32},
		{"64:ff9b::c000:200/120", 256, 256},
		{"64:ff9b::a00:0/104", 1 << 24, 0},
		{"64:ff9b::c000:201", 1, 1},
		{"64:ff9b:0:0:1::/96", 0, 0},
		{"64:ff9b:1:0:7::/96", (uint64_t)1 << 32, (uint64_t)1 << 32},
	};
	struct network_count count = {.all = 0};
	uint64_t all = 0, public = 0;

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		network_count_add(&count, span_of(cases[index].key));
		all += cases[index].all;
		public += cases[index].public;
		if (count.all != all || count.public != public)
			fail_msg("%s", cases[index].key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network_reads_the_keys_of_rules),
		cmocka_unit_test(test_network_counts_addresses),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
