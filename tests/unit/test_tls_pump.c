#include "unix/tls_pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <tls.h>
#include <unistd.h>

#include "support/certificates.h"
#include "support/check.h"
#include "support/longest.h"
#include "unix/tls_credentials.h"
#include "unix/tls_network.h"

#define SOME  50000 /* bytes that fit on their way, so that one process can play both sides */
#define HURRY 500   /* milliseconds */

/* A pump in a process of its own, and both of its sides here. */
struct sides {
	pid_t pump;
	int client_socket;
	struct tls *client;
	int program_in, program_out; /* the program's: it reads the one and writes the other */
};

static void pump(int network_socket, int program_in, int program_out)
{
	const struct tls_credentials credentials = {
		.certificate = certificates_path("cert.pem"),
		.key = certificates_path("key.pem"),
	};
	const int all[] = {network_socket, program_in, program_out};
	static struct tls_network network;
	struct tls *server, *connection;
	struct text why;
	int result;

	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	for (size_t index = 0; index < LENGTH(all); index++)
		fcntl(all[index], F_SETFL, O_NONBLOCK);
	text_init(&why, 1000);
	server = tls_credentials_load(&credentials, &why);
	connection = tls_network_accept(server, &network, network_socket, network_socket);
	while ((result = tls_handshake(connection)) != 0) {
		struct pollfd polled = {.fd = network_socket, .events = POLLIN};

		if (result != TLS_WANT_POLLIN || poll(&polled, 1, -1) == -1)
			_exit(1);
	}
	tls_pump_run(connection, &network, program_in, program_out, &why);
	_exit(0);
}

static void start(struct sides *sides)
{
	struct tls_config *config = tls_config_new();
	int network[2], there[2], back[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, network), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, there), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, back), 0);
	sides->pump = fork();
	if (sides->pump == 0) {
		close(network[1]), close(there[1]), close(back[1]);
		pump(network[0], back[0], there[0]);
	}
	close(network[0]), close(there[0]), close(back[0]);
	sides->client_socket = network[1];
	sides->program_in = there[1];
	sides->program_out = back[1];
	sides->client = tls_client();
	tls_config_insecure_noverifycert(config);
	tls_config_insecure_noverifyname(config);
	assert_int_equal(tls_configure(sides->client, config), 0);
	assert_int_equal(tls_connect_socket(sides->client, network[1], "mail.example.org"), 0);
	assert_int_equal(tls_handshake(sides->client), 0);
	tls_config_free(config);
}

static void close_once(int *descriptor)
{
	if (*descriptor != -1)
		close(*descriptor);
	*descriptor = -1;
}

/* The pump must end by itself, and must not have been busy meanwhile. */
static void ends(const struct sides *sides)
{
	struct rusage usage;
	int status;

	assert_int_equal(wait4(sides->pump, &status, 0, &usage), sides->pump);
	assert_int_equal(status, 0);
	assert_in_range(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec, 0, 1);
}

/* What may be open is closed, and then it must. */
static void finish(struct sides *sides)
{
	close_once(&sides->program_in);
	close_once(&sides->program_out);
	close_once(&sides->client_socket);
	ends(sides);
	tls_free(sides->client);
}

static void fill(char *bytes, size_t size, unsigned seed)
{
	for (size_t index = 0; index < size; index++)
		bytes[index] = (char)(seed = seed * 1103515245 + 12345, seed >> 16);
}

static void client_says(struct sides *sides, const char *bytes, size_t size)
{
	while (size) {
		ssize_t count = tls_write(sides->client, bytes, size);

		assert_true(count > 0);
		bytes += count;
		size -= (size_t)count;
	}
}

/* A descriptor that blocks makes the library try again only when it is called again. */
static ssize_t client_reads(struct sides *sides, char *bytes, size_t size)
{
	ssize_t count;

	do
		count = tls_read(sides->client, bytes, size);
	while (count == TLS_WANT_POLLIN || count == TLS_WANT_POLLOUT);
	return count;
}

static void client_hears(struct sides *sides, const char *expected, size_t size)
{
	static char heard[SOME + 1];
	size_t have = 0;

	while (have < size) {
		ssize_t count = client_reads(sides, heard + have, size - have);

		if (count <= 0)
			fail_msg("the client hears %zu of %zu bytes: %s", have, size,
				 tls_error(sides->client));
		have += (size_t)count;
	}
	assert_memory_equal(heard, expected, size);
}

static void client_hears_the_end(struct sides *sides)
{
	char byte;

	assert_int_equal(client_reads(sides, &byte, 1), 0);
}

static void program_hears(struct sides *sides, const char *expected, size_t size)
{
	static char heard[SOME + 1];
	size_t have = 0;

	while (have < size) {
		ssize_t count = read(sides->program_in, heard + have, size - have);

		if (count <= 0)
			fail_msg("the program hears %zu of %zu bytes", have, size);
		have += (size_t)count;
	}
	assert_memory_equal(heard, expected, size);
}

static void program_hears_the_end(struct sides *sides)
{
	char byte;

	assert_int_equal(read(sides->program_in, &byte, 1), 0);
}

static void test_bytes_come_through_both_ways(void **state)
{
	static const size_t sizes[] = {1, 2, 100, 16383, 16384, 16385, SOME};
	static char bytes[SOME];
	struct sides sides;

	(void)state;
	start(&sides);
	for (size_t index = 0; index < LENGTH(sizes); index++) {
		fill(bytes, sizes[index], (unsigned)index);
		client_says(&sides, bytes, sizes[index]);
		program_hears(&sides, bytes, sizes[index]);
		fill(bytes, sizes[index], (unsigned)index + 100);
		assert_int_equal(write(sides.program_out, bytes, sizes[index]), sizes[index]);
		client_hears(&sides, bytes, sizes[index]);
	}
	finish(&sides);
}

static void test_client_may_finish_first(void **state)
{
	struct sides sides;

	(void)state;
	start(&sides);
	client_says(&sides, "last words", 10);
	assert_int_equal(tls_close(sides.client), 0);
	program_hears(&sides, "last words", 10);
	program_hears_the_end(&sides);
	assert_int_equal(write(sides.program_out, "an answer", 9), 9);
	close_once(&sides.program_out);
	client_hears(&sides, "an answer", 9);
	client_hears_the_end(&sides);
	finish(&sides);
}

static void test_client_may_end_without_saying_so(void **state)
{
	struct sides sides;

	(void)state;
	start(&sides);
	client_says(&sides, "last words", 10);
	shutdown(sides.client_socket, SHUT_WR);
	program_hears(&sides, "last words", 10);
	program_hears_the_end(&sides);
	assert_int_equal(write(sides.program_out, "an answer", 9), 9);
	client_hears(&sides, "an answer", 9);
	finish(&sides);
}

static void test_program_may_finish_first(void **state)
{
	struct sides sides;

	(void)state;
	start(&sides);
	assert_int_equal(write(sides.program_out, "last words", 10), 10);
	close_once(&sides.program_out);
	client_hears(&sides, "last words", 10);
	client_hears_the_end(&sides);
	client_says(&sides, "an answer", 9);
	program_hears(&sides, "an answer", 9);
	close_once(&sides.client_socket);
	program_hears_the_end(&sides);
	finish(&sides);
}

static void test_program_hears_of_a_broken_connection(void **state)
{
	struct sides sides;
	char byte = 'x';

	(void)state;
	start(&sides);
	client_says(&sides, "last words", 10);
	program_hears(&sides, "last words", 10);
	/* Not TLS, and so the connection is of no more use. */
	assert_int_equal(write(sides.client_socket, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	program_hears_the_end(&sides);
	signal(SIGPIPE, SIG_IGN);
	while (write(sides.program_out, &byte, 1) == 1)
		; /* the pump may not have closed its end yet */
	assert_int_equal(errno, EPIPE);
	signal(SIGPIPE, SIG_DFL);
	finish(&sides);
}

static void test_a_slow_program_slows_its_client(void **state)
{
	static char bytes[SOME];
	size_t sent = 0;
	struct sides sides;
	int quiet = 0;

	(void)state;
	start(&sides);
	fcntl(sides.client_socket, F_SETFL, O_NONBLOCK);
	while (quiet < 2) { /* nothing moves any more */
		struct pollfd polled = {.fd = sides.client_socket, .events = POLLOUT};
		ssize_t count = tls_write(sides.client, bytes, sizeof(bytes));

		assert_in_range(sent, 0, 4 * 1024 * 1024);
		if (count > 0)
			sent += (size_t)count;
		else
			quiet = poll(&polled, 1, 200) == 0 ? quiet + 1 : 0;
	}
	finish(&sides);
}

static void test_a_client_that_stays_is_left(void **state)
{
	struct sides sides;

	(void)state;
	longest = HURRY;
	start(&sides);
	assert_int_equal(write(sides.program_out, "last words", 10), 10);
	close_once(&sides.program_out);
	close_once(&sides.program_in);
	ends(&sides); /* it waits a little for the client to hang up */
	longest = INT64_MAX;
	client_hears(&sides, "last words", 10);
	client_hears_the_end(&sides);
	close_once(&sides.client_socket);
	tls_free(sides.client);
}

/* What the program has said is more than there is room for on the way, and nobody reads it. */
static void test_a_client_that_does_not_read_is_left(void **state)
{
	static char bytes[SOME];
	struct sides sides;
	int quiet = 0;

	(void)state;
	longest = HURRY;
	start(&sides);
	fcntl(sides.program_out, F_SETFL, O_NONBLOCK);
	while (quiet < 2) { /* nothing moves any more */
		struct pollfd polled = {.fd = sides.program_out, .events = POLLOUT};

		if (write(sides.program_out, bytes, sizeof(bytes)) == -1)
			quiet = poll(&polled, 1, 200) == 0 ? quiet + 1 : 0;
	}
	assert_int_equal(waitpid(sides.pump, NULL, WNOHANG), 0); /* the program keeps the time */
	close_once(&sides.program_out);
	close_once(&sides.program_in);
	ends(&sides);
	longest = INT64_MAX;
	close_once(&sides.client_socket);
	tls_free(sides.client);
}

static int make(void **state)
{
	(void)state;
	return certificates_make() ? 0 : -1;
}

static int clean(void **state)
{
	(void)state;
	certificates_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_come_through_both_ways),
		cmocka_unit_test(test_client_may_finish_first),
		cmocka_unit_test(test_client_may_end_without_saying_so),
		cmocka_unit_test(test_program_may_finish_first),
		cmocka_unit_test(test_program_hears_of_a_broken_connection),
		cmocka_unit_test(test_a_slow_program_slows_its_client),
		cmocka_unit_test(test_a_client_that_stays_is_left),
		cmocka_unit_test(test_a_client_that_does_not_read_is_left),
	};

	return cmocka_run_group_tests_name("tls_pump", tests, make, clean);
}
