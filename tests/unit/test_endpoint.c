#include "base/endpoint.h"

#include "support/check.h"

static void test_endpoint_splits(void **state)
{
	static const struct {
		const char *name, *text, *host; /* NULL: it is none */
		uint16_t port;
		bool is_address;
	} cases[] = {
		{"an address", "192.0.2.1", "192.0.2.1", 25, true},
		{"with a port", "192.0.2.1:2525", "192.0.2.1", 2525, true},
		{"IPv6", "2001:db8::1", "2001:db8::1", 25, true},
		{"in brackets", "[2001:db8::1]", "2001:db8::1", 25, true},
		{"with a port", "[2001:db8::1]:65535", "2001:db8::1", 65535, true},
		{"a name", "mail.example", "mail.example", 25, false},
		{"with a port", "mail.example:24", "mail.example", 24, false},
		{"IPv4 in brackets", "[192.0.2.1]:24", "192.0.2.1", 24, false},
		{"nothing", "", NULL, 0, false},
		{"a port alone", ":25", NULL, 0, false},
		{"port 0", "a:0", NULL, 0, false},
		{"too large a port", "a:65536", NULL, 0, false},
		{"no port", "a:", NULL, 0, false},
		{"a bracket alone", "[::1", NULL, 0, false},
		{"something behind the bracket", "[::1]25", NULL, 0, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct endpoint endpoint;
		struct span host;
		uint16_t port;
		bool is_one = endpoint_split(span_of(cases[index].text), 25, &host, &port);

		if (is_one != (cases[index].host != NULL))
			fail_msg("%s: it is one, or not", cases[index].name);
		if (is_one) {
			CHECK_SPAN(cases[index].name, host, cases[index].host);
			assert_int_equal(port, cases[index].port);
		}
		if (endpoint_read(span_of(cases[index].text), 25, &endpoint) !=
		    cases[index].is_address)
			fail_msg("%s: it is an address, or not", cases[index].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoint_splits),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
