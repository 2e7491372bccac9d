#include "unix/dial.h"

#include <netinet/in.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/connection.h"
#include "unix/report.h"

static void test_dial_reads_times(void **state)
{
	static const struct {
		const char *name, *text;
		bool is_one;
		uint32_t first, second;
	} cases[] = {
		{"one", "10", true, 10, 0},
		{"two", "2+58", true, 2, 58},
		{"none for the second", "2+0", true, 2, 0},
		{"the longest", "86400+86400", true, 86400, 86400},
		{"too long", "86401", false, 0, 0},
		{"no time at all", "0", false, 0, 0},
		{"nothing", "", false, 0, 0},
		{"nothing behind", "2+", false, 0, 0},
		{"nothing before", "+2", false, 0, 0},
		{"a sign", "-1", false, 0, 0},
		{"three", "1+2+3", false, 0, 0},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct dial dial = {.first_seconds = 0};

		if (dial_read_times(cases[index].text, &dial) != cases[index].is_one ||
		    dial.first_seconds != cases[index].first ||
		    dial.second_seconds != cases[index].second)
			fail_msg("%s: %u+%u", cases[index].name, dial.first_seconds,
				 dial.second_seconds);
	}
}

/* A listening socket on loopback; port is where. */
static int listen_on(int family, uint16_t *port)
{
	struct sockaddr_in four = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	struct sockaddr *address =
		family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	socklen_t length = family == AF_INET ? sizeof(four) : sizeof(six);
	int listener = socket(family, SOCK_STREAM, 0);

	if (listener == -1 || bind(listener, address, length) == -1)
		return -1; /* no IPv6 here */
	assert_int_equal(listen(listener, 8), 0);
	assert_int_equal(getsockname(listener, address, &length), 0);
	*port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	return listener;
}

static void check(const char *name, const struct dial *dial, const char *host, uint16_t port,
		  const char *reached, const char *from)
{
	struct connection connection;
	char number[8], address[ADDRESS_TEXT];
	struct text why;
	int descriptor;

	snprintf(number, sizeof(number), "%u", (unsigned)port);
	text_init(&why, REPORT_LINE);
	descriptor = dial_host(dial, host, number, &why);
	if (descriptor == -1)
		fail_msg("%s: %s", name, text_string(&why));
	assert_int_equal(connection_of(descriptor, &connection), 0);
	address_write(&connection.remote, address);
	CHECK_SPAN(name, span_of(address), reached);
	address_write(&connection.local, address);
	CHECK_SPAN(name, span_of(address), from);
	close(descriptor);
	text_free(&why);
}

static void test_dial_reaches_hosts_of_both_families(void **state)
{
	const struct dial usual = DIAL_DEFAULT;
	struct dial from = DIAL_DEFAULT, only = DIAL_DEFAULT;
	uint16_t port, port_6;
	int listener = listen_on(AF_INET, &port), listener_6 = listen_on(AF_INET6, &port_6);

	(void)state;
	check("an address", &usual, "127.0.0.1", port, "127.0.0.1", "127.0.0.1");
	check("this machine", &usual, "0", port, "127.0.0.1", "127.0.0.1");
	from.local = "127.0.0.7";
	check("from an address", &from, "127.0.0.1", port, "127.0.0.1", "127.0.0.7");
	only.family = AF_INET;
	check("one family", &only, "localhost", port, "127.0.0.1", "127.0.0.1");
	report_nothing();
	if (listener_6 != -1) {
		check("IPv6", &usual, "::1", port_6, "::1", "::1");
		check("this machine, where IPv4 refuses", &usual, "0", port_6, "::1", "::1");
		from.local = "::1";
		check("from an IPv6 address", &from, "::1", port_6, "::1", "::1");
		close(listener_6);
	}
	report_usual();
	close(listener);
}

static void test_dial_says_why_it_could_not(void **state)
{
	static const struct {
		const char *name, *local, *interface, *host, *port, *why;
	} cases[] = {
		{"nobody listens", NULL, NULL, "127.0.0.1", "1",
		 "unable to connect to 127.0.0.1 port 1: Connection refused"},
		{"not our address", "192.0.2.1", NULL, "127.0.0.1", "1",
		 "unable to bind socket: Cannot assign requested address"},
		{"another family", "::1", NULL, "127.0.0.1", "1", "no IP address for 127.0.0.1"},
		{"port 0", NULL, NULL, "127.0.0.1", "0", "unable to figure out port number for 0"},
		{"a large port", NULL, NULL, "127.0.0.1", "65536",
		 "unable to figure out port number for 65536"},
		{"one that is 1 again", NULL, NULL, "127.0.0.1", "4294967297",
		 "unable to figure out port number for 4294967297"},
		{"a blank", NULL, NULL, "127.0.0.1", " 1",
		 "unable to figure out port number for  1"},
		{"a sign", NULL, NULL, "127.0.0.1", "+1",
		 "unable to figure out port number for +1"},
		{"no port", NULL, NULL, "127.0.0.1", "", "unable to figure out port number for "},
		{"no service", NULL, NULL, "127.0.0.1", "no-such-service",
		 "unable to figure out port number for no-such-service"},
		{"no interface", NULL, "no-such", "::1", "1", "no such interface: no-such"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct dial dial = DIAL_DEFAULT;
		struct text why;

		dial.local = cases[index].local;
		dial.interface = cases[index].interface;
		text_init(&why, REPORT_LINE);
		assert_int_equal(dial_host(&dial, cases[index].host, cases[index].port, &why), -1);
		CHECK_SPAN(cases[index].name, text_span(&why), cases[index].why);
		text_free(&why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dial_reads_times),
		cmocka_unit_test(test_dial_reaches_hosts_of_both_families),
		cmocka_unit_test(test_dial_says_why_it_could_not),
	};

	return cmocka_run_group_tests_name("dial", tests, NULL, NULL);
}
