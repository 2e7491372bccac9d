#include "base/address.h"

#include "support/check.h"

static void test_address_has_one_spelling(void **state)
{
	static const struct {
		const char *name, *input, *text; /* text NULL: not an address */
	} cases[] = {
		{"dotted", "192.0.2.1", "192.0.2.1"},
		{"all numbers", "255.100.10.0", "255.100.10.0"},
		{"too large", "256.0.0.1", NULL},
		{"leading zero", "10.0.0.01", NULL},
		{"three numbers", "10.0.1", NULL},
		{"blank behind", "10.0.0.1 ", NULL},
		{"empty", "", NULL},
		{"loopback", "::1", "::1"},
		{"any", "::", "::"},
		{"upper case, zeros", "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"},
		{"run at the end", "2001:db8:1::", "2001:db8:1::"},
		{"first of two runs", "2001:0:0:1:0:0:1:1", "2001::1:0:0:1:1"},
		{"longer second run", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"one zero group stays", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"no zeros", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
		{"mapped is IPv4", "::ffff:192.0.2.1", "192.0.2.1"},
		{"mapped in hex", "::FFFF:c000:0201", "192.0.2.1"},
		{"compatible is not", "::192.0.2.1", "::c000:201"},
		{"bad digit", "2001:db8::g", NULL},
		{"bracket", "[2001:db8::1]", NULL},
		{"scope", "fe80::1%eth0", NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address;
		char text[ADDRESS_TEXT];
		bool read = address_read(cases[index].input, &address);

		if (read != (cases[index].text != NULL))
			fail_msg("%s: read says %d", cases[index].name, read);
		if (!read)
			continue;
		if (address_write(&address, text) != strlen(text) ||
		    strcmp(text, cases[index].text) != 0)
			fail_msg("%s: wrote %s", cases[index].name, text);
	}
}

static void test_address_of_a_client_may_have_a_scope(void **state)
{
	static const struct {
		const char *input, *text; /* text NULL: not an address */
	} cases[] = {
		{"fe80::1%eth0", "fe80::1"},
		{"fe80::1%", "fe80::1"},
		{"2001:DB8::1", "2001:db8::1"},
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1%eth0", NULL},
		{"::ffff:192.0.2.1%eth0", NULL},
		{"%eth0", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address;
		char text[ADDRESS_TEXT] = "";

		if (address_read_client(span_of(cases[index].input), &address))
			address_write(&address, text);
		if (strcmp(text, cases[index].text ? cases[index].text : "") != 0)
			fail_msg("%s: %s", cases[index].input, text);
	}
}

static void test_address_prefix_clears_the_rest(void **state)
{
	static const struct {
		const char *address, *prefix;
		unsigned length;
	} cases[] = {
		{"192.0.2.255", "192.0.2.128", 25},
		{"192.0.2.255", "192.0.2.255", 32},
		{"192.0.2.255", "0.0.0.0", 0},
		{"2001:db8:ffff::1", "2001:db8:8000::", 33},
		{"2001:db8::ffff", "2001:db8::ffff", 128},
		{"ffff::", "fe00::", 7},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address;
		char text[ADDRESS_TEXT];

		assert_true(address_read(cases[index].address, &address));
		address = address_prefix(&address, cases[index].length);
		address_write(&address, text);
		assert_string_equal(text, cases[index].prefix);
	}
}

static void test_address_belongs_to_who_can_take_it(void **state)
{
	static const struct {
		const char *address, *owner;
	} cases[] = {
		{"192.0.2.255", "192.0.2.255"},
		{"2001:db8:0:1:2::3", "2001:db8:0:1::"},
		{"64:ff9b::c000:2ff", "64:ff9b::c000:2ff"},
		{"64:ff9b::1:c000:2ff", "64:ff9b::"},
		{"64:ff9b:1:ffff:2::3", "64:ff9b:1:ffff:2::3"},
		{"64:ff9b:2:0:2::3", "64:ff9b:2::"},
		{"fe80::1", "fe80::1"},
		{"febf:ffff::1", "febf:ffff::1"},
		{"fec0::1", "fec0::"},
		{"2001::1", "2001::1"},
		{"2001:0:ffff:ffff::1", "2001:0:ffff:ffff::1"},
		{"2001:1::1", "2001:1::"},
		{"::1", "::1"},
		{"::192.0.2.1", "::c000:201"},
		{"0:0:0:1::1", "0:0:0:1::"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address, owner, expected;

		assert_true(address_read(cases[index].address, &address));
		assert_true(address_read(cases[index].owner, &expected));
		owner = address_owner(&address);
		if (!address_equal(&owner, &expected))
			fail_msg("%s", cases[index].address);
	}
}

static void test_address_span_may_hold_nul(void **state)
{
	struct address address;

	(void)state;
	assert_false(address_read_span((struct span){"10.0.0.1\0", 9}, &address));
	assert_true(address_read_span((struct span){"10.0.0.1x", 8}, &address));
	assert_false(address_read_span((struct span){NULL, 0}, &address));
}

static void test_address_of_another_family_is_another(void **state)
{
	const uint8_t bytes[16] = {192, 0, 2, 1};
	struct address four = address_from_4(bytes), six = address_from_16(bytes);

	(void)state;
	assert_false(address_equal(&four, &six));
	assert_true(address_equal(&four, &four));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_has_one_spelling),
		cmocka_unit_test(test_address_of_a_client_may_have_a_scope),
		cmocka_unit_test(test_address_prefix_clears_the_rest),
		cmocka_unit_test(test_address_belongs_to_who_can_take_it),
		cmocka_unit_test(test_address_span_may_hold_nul),
		cmocka_unit_test(test_address_of_another_family_is_another),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
