#include "unix/connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

/* Writes what is set as NAME=VALUE, what is unset as -NAME, each with a blank behind it. */
static void collect(void *world, const char *name, const char *value)
{
	struct text *text = world;

	if (!value)
		text_add_byte(text, '-');
	text_add_string(text, name);
	if (value) {
		text_add_byte(text, '=');
		text_add_string(text, value);
	}
	text_add_byte(text, ' ');
}

static struct sockaddr_storage socket_address(const char *text, uint16_t port, unsigned scope)
{
	struct sockaddr_storage storage = {.ss_family = AF_INET};
	struct sockaddr_in *in = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *in_6 = (struct sockaddr_in6 *)&storage;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_port = htons(port);
		return storage;
	}
	storage.ss_family = AF_INET6;
	assert_int_equal(inet_pton(AF_INET6, text, &in_6->sin6_addr), 1);
	in_6->sin6_port = htons(port);
	in_6->sin6_scope_id = scope;
	return storage;
}

#define NO_6                                                                     \
	"-TCP6LOCALIP ", "-TCP6LOCALPORT ", "-TCP6LOCALHOST ", "-TCP6REMOTEIP ", \
		"-TCP6REMOTEPORT ", "-TCP6REMOTEHOST ", "-TCP6REMOTEINFO ", "-TCP6INTERFACE "

static void test_connection_describes_both_families(void **state)
{
	static const struct {
		const char *name, *local, *remote;
		unsigned scope;
		struct connection_names names;
		const char *variables[17];
	} cases[] = {
		{"IPv4",
		 "192.0.2.9",
		 "127.0.0.1",
		 0,
		 {"0", NULL, NULL},
		 {"PROTO=TCP ", "TCPLOCALIP=192.0.2.9 ", "TCPLOCALPORT=25 ", "TCPLOCALHOST=0 ",
		  "TCPREMOTEIP=127.0.0.1 ", "TCPREMOTEPORT=40000 ", "-TCPREMOTEHOST ",
		  "-TCPREMOTEINFO ", NO_6}},
		{"v4-mapped is IPv4",
		 "::ffff:192.0.2.9",
		 "::ffff:127.0.0.1",
		 0,
		 {NULL, "a.example", ""},
		 {"PROTO=TCP ", "TCPLOCALIP=192.0.2.9 ", "TCPLOCALPORT=25 ", "-TCPLOCALHOST ",
		  "TCPREMOTEIP=127.0.0.1 ", "TCPREMOTEPORT=40000 ", "TCPREMOTEHOST=a.example ",
		  "TCPREMOTEINFO= ", NO_6}},
		{"IPv6",
		 "2001:db8::1",
		 "2001:DB8:0::2",
		 0,
		 {"me", "a.example", "joe"},
		 {"PROTO=TCP6 ", "TCPLOCALIP=2001:db8::1 ", "TCPLOCALPORT=25 ", "TCPLOCALHOST=me ",
		  "TCPREMOTEIP=2001:db8::2 ", "TCPREMOTEPORT=40000 ", "TCPREMOTEHOST=a.example ",
		  "TCPREMOTEINFO=joe ", "TCP6LOCALIP=2001:db8::1 ", "TCP6LOCALPORT=25 ",
		  "TCP6LOCALHOST=me ", "TCP6REMOTEIP=2001:db8::2 ", "TCP6REMOTEPORT=40000 ",
		  "TCP6REMOTEHOST=a.example ", "TCP6REMOTEINFO=joe ", "-TCP6INTERFACE "}},
		{"IPv6 link-local",
		 "fe80::1",
		 "fe80::2",
		 1,
		 {NULL, NULL, NULL},
		 {"TCPREMOTEIP=fe80::2 ", "TCP6INTERFACE=lo "}},
	};
	struct text got;

	(void)state;
	text_init(&got, 4096);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct sockaddr_storage local = socket_address(cases[index].local, 25, 0);
		struct sockaddr_storage remote =
			socket_address(cases[index].remote, 40000, cases[index].scope);
		struct connection connection;

		text_clear(&got);
		assert_true(connection_set_local(&connection, &local));
		assert_true(connection_set_remote(&connection, &remote));
		connection_describe(&connection, &cases[index].names,
				    (struct connection_sink){&got, collect});
		for (size_t variable = 0; cases[index].variables[variable]; variable++)
			if (!strstr(got.bytes, cases[index].variables[variable]))
				fail_msg("%s: no %s in: %s", cases[index].name,
					 cases[index].variables[variable], got.bytes);
	}
	text_free(&got);
}

static void test_connection_touches_every_variable_it_names(void **state)
{
	static const char *const remotes[] = {"127.0.0.1", "::1"};
	struct connection connection = {.local = {.version = 4}};
	struct text got;

	(void)state;
	text_init(&got, 4096);
	for (size_t index = 0; index < LENGTH(remotes); index++) {
		struct connection_names none = {NULL, NULL, NULL};
		size_t touched = 0, named = 0;

		text_clear(&got);
		assert_true(address_read(remotes[index], &connection.remote));
		connection_describe(&connection, &none, (struct connection_sink){&got, collect});
		for (const char *blank = got.bytes; (blank = strchr(blank, ' ')); blank++)
			touched++;
		while (connection_variables[named])
			assert_non_null(strstr(got.bytes, connection_variables[named++]));
		assert_int_equal(touched, named);
	}
	text_free(&got);
}

static void test_connection_line_for_the_log(void **state)
{
	static const struct {
		const char *name, *remote;
		struct connection_names names;
		const char *line;
	} cases[] = {
		{"nothing known",
		 "127.0.0.1",
		 {NULL, NULL, NULL},
		 ":192.0.2.9:25 :127.0.0.1::40000"},
		{"all known",
		 "127.0.0.1",
		 {"0", "a.example", "joe"},
		 "0:192.0.2.9:25 a.example:127.0.0.1:joe:40000"},
		{"IPv6", "2001:db8::1", {"0", NULL, NULL}, "0:192.0.2.9:25 :2001:db8::1::40000"},
		{"hostile names",
		 "127.0.0.1",
		 {"0", "a b:c%d\n\xff", "\tx"},
		 "0:192.0.2.9:25 a?b?c?d??:127.0.0.1:?x:40000"},
		{"a long name is cut",
		 "127.0.0.1",
		 {"0", NULL,
		  "01234567890123456789012345678901234567890123456789012345678901234567890123456789"
		  "01234567890123456789+"},
		 "0:192.0.2.9:25 "
		 ":127.0.0.1:"
		 "012345678901234567890123456789012345678901234567890123456789012345678901234567890"
		 "1234567890123456789...:40000"},
	};
	struct text line;

	(void)state;
	text_init(&line, 4096);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct connection connection = {.local_port = 25, .remote_port = 40000};

		text_clear(&line);
		assert_true(address_read("192.0.2.9", &connection.local));
		assert_true(address_read(cases[index].remote, &connection.remote));
		connection_write(&connection, &cases[index].names, &line);
		CHECK_SPAN(cases[index].name, text_span(&line), cases[index].line);
	}
	text_free(&line);
}

static void test_connection_survives_the_environment(void **state)
{
	struct sockaddr_storage local = socket_address("fe80::1", 25, 0);
	struct sockaddr_storage remote = socket_address("fe80::2", 40000, 1), back;
	struct connection before = {.local_port = 0}, after;
	struct connection_names none = {NULL, NULL, NULL};

	(void)state;
	assert_true(connection_set_local(&before, &local));
	assert_true(connection_set_remote(&before, &remote));
	connection_describe(&before, &none, connection_environment());
	assert_true(connection_of_environment(&after));
	assert_true(address_equal(&before.local, &after.local));
	assert_true(address_equal(&before.remote, &after.remote));
	assert_int_equal(after.local_port, 25);
	assert_int_equal(after.remote_port, 40000);
	assert_string_equal(after.interface, "lo");
	connection_remote_socket(&after, 113, &back);
	assert_int_equal(((struct sockaddr_in6 *)&back)->sin6_port, htons(113));
	assert_int_equal(((struct sockaddr_in6 *)&back)->sin6_scope_id, 1);

	unsetenv("TCPLOCALIP");
	setenv("TCPREMOTEPORT", "junk", 1);
	assert_true(connection_of_environment(&after));
	assert_int_equal(after.local.version, 6);
	assert_int_equal(after.remote_port, 0);
	setenv("TCPREMOTEIP", "localhost", 1);
	assert_false(connection_of_environment(&after));
	unsetenv("TCPREMOTEIP");
	assert_false(connection_of_environment(&after));
}

static void test_connection_of_what_is_none(void **state)
{
	struct connection connection;
	int ends[2], fresh = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(connection_of(ends[0], &connection), -1);
	assert_int_equal(errno, ENOTSOCK);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(connection_of(fresh, &connection), -1);
	assert_int_equal(errno, ENOTCONN);
	close(fresh);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(connection_of(ends[0], &connection), -1);
	assert_int_equal(errno, EPROTOTYPE);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_connection_describes_both_families),
		cmocka_unit_test(test_connection_touches_every_variable_it_names),
		cmocka_unit_test(test_connection_line_for_the_log),
		cmocka_unit_test(test_connection_survives_the_environment),
		cmocka_unit_test(test_connection_of_what_is_none),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
