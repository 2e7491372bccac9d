#include "host/client.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"

static uint64_t milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Two connected sockets: ends[0] is the client's, ends[1] this side's. */
static struct client connected(int ends[2])
{
	struct client client;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	memset(&client, 0xa5, sizeof(client)); /* it relies on nothing that is there */
	client_init(&client, ends[1], ends[1]);
	client.say_seconds = 1;
	return client;
}

static void disconnect(struct client *client, const int ends[2])
{
	sigset_t stop;

	close(ends[0]);
	close(ends[1]);
	close(client->stop);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
}

static bool has_bytes(int descriptor)
{
	struct pollfd polled = {.fd = descriptor, .events = POLLIN};

	return poll(&polled, 1, 0) == 1;
}

static void test_client_gathers_what_is_said(void **state)
{
	struct client client;
	char bytes[100];
	int ends[2];

	(void)state;
	client = connected(ends);
	client_say(&client, SPAN("220 one\r\n"));
	client_say(&client, SPAN("250 two\r\n"));
	assert_false(has_bytes(ends[0]));
	client_flush(&client);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 18);
	assert_memory_equal(bytes, "220 one\r\n250 two\r\n", 18);
	disconnect(&client, ends);
}

static void test_client_does_not_gather_without_end(void **state)
{
	static char line[CLIENT_GATHER - 10], more[3 * CLIENT_GATHER];
	static char bytes[8 * CLIENT_GATHER];
	struct client client;
	int ends[2];

	(void)state;
	client = connected(ends);
	memset(line, 'a', sizeof(line));
	memset(more, 'b', sizeof(more));
	client_say(&client, (struct span){line, sizeof(line)});
	assert_false(has_bytes(ends[0]));
	client_say(&client, (struct span){line, sizeof(line)});
	assert_true(has_bytes(ends[0]));
	client_say(&client, (struct span){more, sizeof(more)});
	assert_int_equal(recv(ends[0], bytes, sizeof(bytes), MSG_WAITALL | MSG_DONTWAIT),
			 2 * sizeof(line) + sizeof(more));
	assert_int_equal(bytes[2 * sizeof(line) - 1], 'a');
	assert_int_equal(bytes[2 * sizeof(line)], 'b');
	disconnect(&client, ends);
}

static void test_client_one_that_does_not_listen_is_given_up(void **state)
{
	static char much[4 * 1024 * 1024];
	struct client client;
	uint64_t start;
	int ends[2];

	(void)state;
	client = connected(ends);
	start = milliseconds();
	client_say(&client, (struct span){much, sizeof(much)});
	assert_true(client.is_gone);
	assert_in_range(milliseconds() - start, 900, 10000);
	client_say(&client, (struct span){much, sizeof(much)}); /* at once, into nothing */
	client_flush(&client);
	disconnect(&client, ends);
}

static void test_client_notices_who_has_gone(void **state)
{
	struct client client;
	uint64_t waited;
	size_t count;
	char bytes[10];
	int ends[2];

	(void)state;
	client = connected(ends);
	close(ends[0]);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 60000, &count, &waited),
			 CLIENT_END);
	client_say(&client, SPAN("250 ok\r\n"));
	client_flush(&client);
	assert_true(client.is_gone);
	client_pause(&client, 60000); /* nobody is made to wait */
	ends[0] = dup(ends[1]);
	disconnect(&client, ends);
}

static void test_client_half_closed_is_not_gone(void **state)
{
	struct client client;
	uint64_t start;
	char bytes[10];
	int ends[2];

	(void)state;
	client = connected(ends);
	assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
	start = milliseconds();
	client_pause(&client, 200); /* or it would evade the tarpit */
	assert_in_range(milliseconds() - start, 200, 10000);
	client_say(&client, SPAN("250\r\n"));
	client_flush(&client);
	assert_false(client.is_gone);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 5);
	disconnect(&client, ends);
}

static void test_client_reads_in_time_or_is_slow(void **state)
{
	struct client client;
	uint64_t waited;
	size_t count;
	char bytes[10];
	int ends[2];

	(void)state;
	client = connected(ends);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 100, &count, &waited),
			 CLIENT_SLOW);
	assert_in_range(waited, 100, 10000);
	assert_int_equal(write(ends[0], "NOOP\r\n", 6), 6);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 60000, &count, &waited),
			 CLIENT_BYTES);
	assert_int_equal(count, 6);
	assert_in_range(waited, 0, 10000);
	disconnect(&client, ends);
}

/* poll(2) takes no more descriptors than a process may have. */
static void test_client_that_cannot_be_waited_for_is_gone(void **state)
{
	char bytes[4096] = "";
	struct rlimit before, one;
	struct client client;
	uint64_t waited;
	size_t count;
	int ends[2];

	(void)state;
	client = connected(ends);
	fcntl(ends[1], F_SETFL, O_NONBLOCK); /* so that the test ends in any case */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	one = (struct rlimit){1, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &one), 0);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 1, &count, &waited),
			 CLIENT_END);
	while (!client.is_gone)
		client_say(&client, (struct span){bytes, sizeof(bytes)});
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	disconnect(&client, ends);
}

static void test_client_may_be_pipes_and_files(void **state)
{
	char name[] = "/tmp/tidewaiter-client.XXXXXX", bytes[100];
	struct client client;
	uint64_t waited;
	size_t count;
	int ends[2], file = mkstemp(name);

	(void)state;
	unlink(name);
	assert_int_equal(write(file, "QUIT\r\n", 6), 6);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(pipe(ends), 0);
	client_init(&client, file, ends[1]);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 60000, &count, &waited),
			 CLIENT_BYTES);
	assert_int_equal(count, 6);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 60000, &count, &waited),
			 CLIENT_END);
	client_say(&client, SPAN("221 bye\r\n"));
	client_hang_up(&client);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 9);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(file);
	disconnect(&client, ends);
}

static void test_client_a_pipe_that_nobody_reads_is_given_up(void **state)
{
	static char much[1024 * 1024];
	struct client client;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	client_init(&client, ends[0], ends[1]);
	client.say_seconds = 1;
	client_say(&client, (struct span){much, sizeof(much)});
	assert_true(client.is_gone);
	disconnect(&client, ends);
}

static void test_client_is_waited_for_unless_it_has_said_all(void **state)
{
	struct client client;
	uint64_t start;
	char bytes[10];
	int ends[2];

	(void)state;
	for (unsigned has_said_all = 0; has_said_all < 2; has_said_all++) {
		client = connected(ends);
		client.has_said_all |= has_said_all;
		client_say(&client, SPAN("221\r\n"));
		start = milliseconds();
		client_hang_up(&client);
		if (has_said_all)
			assert_in_range(milliseconds() - start, 0, 1500);
		else
			assert_in_range(milliseconds() - start, 1500, 60000);
		assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 5);
		assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 0);
		disconnect(&client, ends);
	}
}

static void test_client_is_told_to_stop(void **state)
{
	struct client client;
	uint64_t waited;
	size_t count;
	char bytes[10];
	int ends[2];

	(void)state;
	client = connected(ends);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	client_pause(&client, 60000);
	assert_false(client.is_gone);
	assert_int_equal(client_read(&client, bytes, sizeof(bytes), 60000, &count, &waited),
			 CLIENT_STOP);
	assert_int_equal(read(client.stop, (char[128]){0}, 128), 128);
	disconnect(&client, ends);
}

static void test_client_is_read_to_its_end_when_told_to_stop(void **state)
{
	struct client client;
	char bytes[10];
	sigset_t stop;
	int ends[2];

	(void)state;
	client = connected(ends);
	assert_int_equal(write(ends[0], "NOOP\r\n", 6), 6);
	assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	client_say(&client, SPAN("421\r\n"));
	client_hang_up(&client);
	assert_int_equal(close(ends[1]), 0); /* with bytes that were not read it is a reset */
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 5);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 0);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	assert_int_equal(sigwaitinfo(&stop, NULL), SIGTERM);
	ends[1] = dup(ends[0]);
	disconnect(&client, ends);
}

static uint32_t seconds_asked;
static int stop_asked;

int __wrap_tls_request_make(uint32_t seconds, int stop, struct text *list);

int __wrap_tls_request_make(uint32_t seconds, int stop, struct text *list)
{
	text_add_string(list, "SSL_X=");
	seconds_asked = seconds;
	stop_asked = stop;
	return seconds == 120 ? -1 : 0;
}

static void test_client_leaves_it_to_the_front_how_long_tls_may_take(void **state)
{
	static const struct {
		const char *timeout;
		uint32_t seconds;
	} cases[] = {
		{NULL, 120}, {"1", 11}, {"300", 310},  {"3600", 3610},
		{"0", 120},  {"", 120}, {"3601", 120}, {"soon", 120},
	};
	struct client client;
	int ends[2];

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text list;

		text_init(&list, 100);
		if (cases[index].timeout)
			setenv("TLSTIMEOUT", cases[index].timeout, 1);
		else
			unsetenv("TLSTIMEOUT");
		client = connected(ends);
		assert_int_equal(client_start_tls(&client, &list),
				 cases[index].seconds == 120 ? -1 : 0);
		assert_int_equal(seconds_asked, cases[index].seconds);
		assert_int_equal(stop_asked, client.stop);
		assert_int_equal(client.is_gone, cases[index].seconds == 120);
		assert_string_equal(text_string(&list), "SSL_X=");
		text_free(&list);
		disconnect(&client, ends);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_gathers_what_is_said),
		cmocka_unit_test(test_client_does_not_gather_without_end),
		cmocka_unit_test(test_client_one_that_does_not_listen_is_given_up),
		cmocka_unit_test(test_client_notices_who_has_gone),
		cmocka_unit_test(test_client_half_closed_is_not_gone),
		cmocka_unit_test(test_client_reads_in_time_or_is_slow),
		cmocka_unit_test(test_client_that_cannot_be_waited_for_is_gone),
		cmocka_unit_test(test_client_may_be_pipes_and_files),
		cmocka_unit_test(test_client_a_pipe_that_nobody_reads_is_given_up),
		cmocka_unit_test(test_client_is_waited_for_unless_it_has_said_all),
		cmocka_unit_test(test_client_is_told_to_stop),
		cmocka_unit_test(test_client_is_read_to_its_end_when_told_to_stop),
		cmocka_unit_test(test_client_leaves_it_to_the_front_how_long_tls_may_take),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
