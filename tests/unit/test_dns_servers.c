#include "unix/dns_servers.h"

#include "support/check.h"

static void test_dns_servers_read(void **state)
{
	static const struct {
		const char *name, *list, *read; /* as ADDRESS/PORT with blanks between */
	} cases[] = {
		{"an address", "127.0.0.1", "127.0.0.1/53"},
		{"with a port", "127.0.0.1:5353", "127.0.0.1/5353"},
		{"several", "127.0.0.1,192.0.2.1:1,::1", "127.0.0.1/53 192.0.2.1/1 ::1/53"},
		{"IPv6", "2001:db8::53", "2001:db8::53/53"},
		{"IPv6 in brackets", "[2001:db8::53]", "2001:db8::53/53"},
		{"IPv6 with a port", "[::1]:65535,1.2.3.4", "::1/65535 1.2.3.4/53"},
		{"v4-mapped", "[::ffff:1.2.3.4]:9", "1.2.3.4/9"},
		{"nothing", "", ""},
		{"a name", "localhost", ""},
		{"an empty one", "127.0.0.1,,::1", ""},
		{"a comma at the end", "127.0.0.1,", ""},
		{"a blank", "127.0.0.1 ::1", ""},
		{"port 0", "127.0.0.1:0", ""},
		{"a port too large", "127.0.0.1:65536", ""},
		{"no port behind the colon", "127.0.0.1:", ""},
		{"IPv4 in brackets", "[127.0.0.1]:53", ""},
		{"a bracket alone", "[::1", ""},
		{"something behind the bracket", "[::1]53", ""},
		{"one bad spoils all", "127.0.0.1,x", ""},
		{"of seventeen the first sixteen",
		 "1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,"
		 "1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,1.1.1.1:1,"
		 "2.2.2.2:1",
		 "1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 "
		 "1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1 1.1.1.1/1"},
	};
	struct endpoint servers[DNS_SERVERS_MOST];

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		size_t count = dns_servers_read(span_of(cases[index].list), servers), length = 0;
		char read[1024] = "", address[ADDRESS_TEXT];

		for (size_t each = 0; each < count; each++) {
			address_write(&servers[each].address, address);
			length += (size_t)sprintf(read + length, "%s%s/%u", each ? " " : "",
						  address, (unsigned)servers[each].port);
		}
		CHECK_SPAN(cases[index].name, span_of(read), cases[index].read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dns_servers_read),
	};

	return cmocka_run_group_tests_name("dns_servers", tests, NULL, NULL);
}
