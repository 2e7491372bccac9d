#include "unix/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/deadline.h"
#include "unix/socket_address.h"

#define MUCH (8 * 1024 * 1024) /* bytes; more than is on its way at once */

static char directory[] = "/tmp/tidewaiter-stream.XXXXXX";

/* A socket on a loopback address; *endpoint is where it is. */
static int bind_loopback(const char *text, struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t length;
	int descriptor;

	assert_true(endpoint_read(span_of(text), 0, endpoint));
	length = socket_address_write(&address, &endpoint->address, 0);
	descriptor = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, length), 0);
	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &length), 0);
	assert_true(socket_address_read((struct sockaddr *)&address, &endpoint->address,
					&endpoint->port));
	return descriptor;
}

/* A stream to this process itself, over a loopback address: *there is the other end. */
static void connect_over(const char *text, struct stream *stream, int *there)
{
	struct endpoint endpoint;
	int listener = bind_loopback(text, &endpoint);

	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(stream_connect(stream, &endpoint, deadline_in(10000)), 0);
	*there = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_int_not_equal(*there, -1);
	close(listener);
}

static void connect_here(struct stream *stream, int *there)
{
	connect_over("127.0.0.1", stream, there);
}

static void test_stream_carries_bytes_both_ways(void **state)
{
	struct stream stream;
	char bytes[100];
	int there;

	(void)state;
	connect_here(&stream, &there);
	assert_int_equal(stream_write(&stream, SPAN("there"), deadline_in(1000)), 0);
	assert_int_equal(stream_write(&stream, SPAN(""), deadline_in(1000)), 0);
	assert_int_equal(recv(there, bytes, sizeof(bytes), 0), 5);
	assert_memory_equal(bytes, "there", 5);
	assert_int_equal(send(there, "back", 4, 0), 4);
	assert_int_equal(stream_read(&stream, bytes, sizeof(bytes), deadline_in(1000)), 4);
	assert_memory_equal(bytes, "back", 4);
	close(there);
	assert_int_equal(stream_read(&stream, bytes, sizeof(bytes), deadline_in(1000)), 0);
	stream_close(&stream);
	assert_int_equal(stream.descriptor, -1);
	stream_close(&stream);
}

static void test_stream_over_loopback_is_local(void **state)
{
	static const char *const addresses[] = {"127.0.0.1", "127.0.0.9", "::1",
						"::ffff:127.0.0.1"};

	(void)state;
	for (size_t index = 0; index < LENGTH(addresses); index++) {
		struct stream stream;
		int there;

		connect_over(addresses[index], &stream, &there);
		if (!stream_is_local(&stream))
			fail_msg("%s is not local", addresses[index]);
		stream_close(&stream);
		close(there);
	}
}

static void test_stream_steps_end_by_their_moment(void **state)
{
	struct stream stream;
	char *much = calloc(1, MUCH);
	int64_t latest;
	char byte;
	int there;

	(void)state;
	assert_non_null(much);
	connect_here(&stream, &there);
	latest = deadline_in(5000);
	errno = 0;
	assert_int_equal(stream_read(&stream, &byte, 1, deadline_in(20)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	errno = 0;
	assert_int_equal(stream_read(&stream, &byte, 1, deadline_in(0)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	errno = 0;
	assert_int_equal(stream_write(&stream, (struct span){much, MUCH}, deadline_in(20)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_true(deadline_left(latest) > 0);
	stream_close(&stream);
	close(there);
	free(much);
}

static void test_stream_writes_all_to_one_who_reads_slowly(void **state)
{
	struct stream stream;
	unsigned char *much = malloc(MUCH);
	int there, status;
	pid_t reader;

	(void)state;
	assert_non_null(much);
	for (size_t index = 0; index < MUCH; index++)
		much[index] = (unsigned char)(index % 251);
	connect_here(&stream, &there);
	reader = fork();
	if (reader == 0) {
		unsigned char bytes[5000];
		size_t have = 0;
		ssize_t count;

		stream_close(&stream);
		while ((count = recv(there, bytes, sizeof(bytes), 0)) > 0) {
			for (ssize_t index = 0; index < count; index++)
				if (bytes[index] != (have + (size_t)index) % 251)
					_exit(2);
			have += (size_t)count;
		}
		_exit(have == MUCH ? 0 : 1);
	}
	close(there);
	assert_int_equal(
		stream_write(&stream, (struct span){(char *)much, MUCH}, deadline_in(60000)), 0);
	stream_close(&stream);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
	free(much);
}

/* A signal would end the program. */
static void test_stream_to_one_who_is_gone_is_an_error(void **state)
{
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	struct stream stream;
	int there;
	char byte;

	(void)state;
	connect_here(&stream, &there);
	setsockopt(there, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(there);
	errno = 0;
	assert_int_equal(stream_read(&stream, &byte, 1, deadline_in(1000)), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(stream_write(&stream, SPAN("x"), deadline_in(1000)), -1);
	assert_int_equal(errno, EPIPE);
	stream_close(&stream);
}

static void test_stream_is_not_made_where_nobody_listens(void **state)
{
	struct endpoint endpoint;
	int bound = bind_loopback("127.0.0.1", &endpoint);
	struct stream stream;

	(void)state;
	errno = 0;
	assert_int_equal(stream_connect(&stream, &endpoint, deadline_in(1000)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(stream.descriptor, -1);
	close(bound);
}

static void test_stream_to_each_address_of_a_host(void **state)
{
	struct stream_addresses addresses;
	struct endpoint endpoint;
	int bound = bind_loopback("127.0.0.1", &endpoint);
	struct stream stream;

	(void)state;
	errno = 0;
	assert_int_equal(stream_find(&addresses, "nowhere.invalid.", endpoint.port), -1);
	assert_true(errno == EADDRNOTAVAIL || errno == ETIMEDOUT);
	stream_addresses_free(&addresses);
	assert_int_equal(stream_find(&addresses, "127.0.0.1", endpoint.port), 0);
	errno = 0;
	assert_int_equal(stream_connect_next(&stream, &addresses, 1000, deadline_in(1000)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(stream.descriptor, -1);
	assert_null(addresses.left);
	stream_addresses_free(&addresses);
	assert_int_equal(listen(bound, 1), 0);
	assert_int_equal(stream_find(&addresses, "127.0.0.1", endpoint.port), 0);
	assert_int_equal(stream_connect_next(&stream, &addresses, 1000, deadline_in(1000)), 0);
	stream_close(&stream);
	assert_null(addresses.left);
	assert_int_equal(stream_connect_next(&stream, &addresses, 1000, deadline_in(1000)), -1);
	stream_addresses_free(&addresses);
	close(bound);
}

static void test_stream_to_a_path(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char longer[sizeof(address.sun_path) + 1], path[100];
	struct stream stream;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), held;

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", directory);
	assert_int_equal(stream_connect_path(&stream, path, deadline_in(1000)), -1);
	assert_int_equal(errno, ENOENT);
	memcpy(address.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(stream_connect_path(&stream, path, deadline_in(1000)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(stream_connect_path(&stream, path, deadline_in(1000)), 0);
	assert_true(stream_is_local(&stream));
	held = stream.descriptor; /* now its backlog is full */
	assert_int_equal(stream_connect_path(&stream, path, deadline_in(120)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(stream.descriptor, -1);
	close(held);
	close(listener);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(stream_connect_path(&stream, longer, deadline_in(1000)), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_false(stream_is_local(&stream)); /* it leads nowhere */
}

/* A layer whose every second call has to wait: for the other side to say something. */
struct slow {
	int descriptor;
	unsigned calls, closed;
};

static ssize_t read_slowly(void *world, void *bytes, size_t size, short *events)
{
	struct slow *slow = world;

	*events = POLLIN;
	if (slow->calls++ % 2 == 0)
		return errno = EAGAIN, -1;
	return recv(slow->descriptor, bytes, size < 2 ? size : 2, 0);
}

/* As TLS does now and then, it has to read before it can write. */
static ssize_t write_slowly(void *world, const void *bytes, size_t size, short *events)
{
	struct slow *slow = world;

	*events = POLLIN;
	if (slow->calls++ % 2 == 0)
		return errno = EAGAIN, -1;
	return send(slow->descriptor, bytes, size < 2 ? size : 2, 0);
}

static void close_it(void *world)
{
	struct slow *slow = world;

	slow->closed++;
	errno = EIO;
}

static void test_stream_goes_through_its_layer(void **state)
{
	static const struct stream_layer layer = {read_slowly, write_slowly, close_it};
	struct slow slow = {.closed = 0};
	struct stream stream;
	char bytes[100];
	int there;

	(void)state;
	connect_here(&stream, &there);
	slow.descriptor = stream.descriptor;
	stream.layer = &layer;
	stream.layer_world = &slow;
	assert_int_equal(stream_write(&stream, SPAN("x"), deadline_in(20)), -1);
	assert_int_equal(errno, ETIMEDOUT); /* what it waits for has not come */
	assert_int_equal(send(there, "back", 4, 0), 4);
	slow.calls = 0;
	assert_int_equal(stream_write(&stream, SPAN("there"), deadline_in(1000)), 0);
	assert_int_equal(slow.calls, 6);
	assert_int_equal(recv(there, bytes, sizeof(bytes), 0), 5);
	slow.calls = 0;
	assert_int_equal(stream_read(&stream, bytes, sizeof(bytes), deadline_in(1000)), 2);
	assert_memory_equal(bytes, "ba", 2);
	errno = EPIPE;
	stream_close(&stream);
	assert_int_equal(errno, EPIPE); /* the reason for closing it is still to be told */
	stream_close(&stream);
	assert_int_equal(slow.closed, 1);
	close(there);
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_carries_bytes_both_ways),
		cmocka_unit_test(test_stream_over_loopback_is_local),
		cmocka_unit_test(test_stream_steps_end_by_their_moment),
		cmocka_unit_test(test_stream_writes_all_to_one_who_reads_slowly),
		cmocka_unit_test(test_stream_to_one_who_is_gone_is_an_error),
		cmocka_unit_test(test_stream_is_not_made_where_nobody_listens),
		cmocka_unit_test(test_stream_to_each_address_of_a_host),
		cmocka_unit_test(test_stream_to_a_path),
		cmocka_unit_test(test_stream_goes_through_its_layer),
	};

	return cmocka_run_group_tests_name("stream", tests, make_directory, remove_directory);
}
