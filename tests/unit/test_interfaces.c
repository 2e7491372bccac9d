#include "unix/interfaces.h"

#include "support/check.h"

static void test_interfaces_knows_its_own_addresses(void **state)
{
	static const struct {
		const char *address;
		bool is_own;
	} cases[] = {
		{"127.0.0.1", true},	    {"0.0.0.0", true},	  {"::", true},
		{"::ffff:127.0.0.1", true}, {"192.0.2.1", false}, {"2001:db8::1", false},
		{"127.0.0.2", false},
	};
	struct interfaces interfaces = {.is_read = false};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address;

		assert_true(address_read(cases[index].address, &address));
		if (interfaces_have(&interfaces, &address) != cases[index].is_own)
			fail_msg("%s", cases[index].address);
	}
	interfaces_free(&interfaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces_knows_its_own_addresses),
	};

	return cmocka_run_group_tests_name("interfaces", tests, NULL, NULL);
}
