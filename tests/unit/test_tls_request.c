#include "unix/tls_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static void set_descriptor(const char *name, int descriptor)
{
	char number[12];

	snprintf(number, sizeof(number), "%d", descriptor);
	assert_int_equal(setenv(name, number, 1), 0);
}

/* In a child, whose descriptors 0 and 1 may change: make the request to a helper that has already
 * answered with these bytes and gone. Exit code 0: TLS is on; else errno. */
static int request(struct span answer, bool is_one, const char *expected)
{
	int control[2], plain[2], status;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, plain), 0);
	assert_int_equal(write(control[1], answer.bytes, answer.length), answer.length);
	shutdown(control[1], SHUT_WR);
	set_descriptor("SSLCTLFD", control[0]);
	set_descriptor("SSLREADFD", plain[0]);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		struct text list;

		text_init(&list, TLS_REQUEST_LIST);
		set_descriptor("SSLWRITEFD", is_one ? plain[0] : dup(plain[0]));
		setenv("SSL_OLD", "old", 1);
		setenv("PATH_OF_MINE", "mine", 1);
		setenv("SSL_CERT_DIR", "mine", 1);
		unsetenv("SSL_CERT_FILE");
		if (!tls_request_is_possible())
			_exit(254);
		if (tls_request_make(5, -1, &list) == -1)
			_exit(tls_request_is_possible() ? 253 : errno);
		tls_request_set(&list);
		if (tls_request_is_possible() || write(1, "hello", 5) != 5)
			_exit(253);
		if (expected && strcmp(getenv(expected) ? getenv(expected) : "", "x=y") != 0)
			_exit(252);
		_exit(getenv("SSL_OLD") || strcmp(getenv("PATH_OF_MINE"), "mine") != 0 ||
		      getenv("SSL_CERT_FILE") || !getenv("SSL_CERT_DIR"));
	}
	while (waitpid(child, &status, 0) == -1)
		;
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 0) {
		char said[6] = "";

		assert_int_equal(read(control[1], said, 5), 1);
		assert_int_equal(said[0], 'Y');
		assert_int_equal(read(plain[1], said, 5), 5);
		assert_string_equal(said, "hello");
	}
	for (int index = 0; index < 2; index++) {
		close(control[index]);
		close(plain[index]);
	}
	return WEXITSTATUS(status);
}

static void test_tls_request_takes_what_is_agreed(void **state)
{
	const struct span all = SPAN("SSL_PROTOCOL=x=y\0SSL_OLD\0PATH_OF_MINE=theirs\0"
				     "SSL_CERT_FILE=/theirs\0SSL_CERT_DIR\0\0");
	const struct span none = SPAN("\0\0");

	(void)state;
	assert_int_equal(all.bytes[all.length - 1], '\0');
	assert_int_equal(request(all, true, "SSL_PROTOCOL"), 0);
	assert_int_equal(request(all, false, "SSL_PROTOCOL"), 0);
	assert_int_equal(request((struct span){"SSL_OLD\0\0", 9}, true, NULL), 0);
	assert_int_equal(request(none, true, NULL), 1); /* SSL_OLD is not unset by nothing */
}

static void test_tls_request_hears_that_it_failed(void **state)
{
	(void)state;
	assert_int_equal(request((struct span){"", 0}, true, NULL), EPROTO);
}

static void test_tls_request_wants_the_whole_list(void **state)
{
	const struct span all = SPAN("SSL_OLD\0SSL_PROTOCOL=x=y\0\0");

	(void)state;
	assert_int_equal(request(SPAN("\0"), true, NULL), 1); /* nothing, whole */
	for (size_t length = 1; length < all.length; length++)
		assert_int_equal(request(span_head(all, length), true, NULL), EPROTO);
	assert_int_equal(request(all, true, "SSL_PROTOCOL"), 0);
}

/* In a child: the descriptor for the request is also the one to read from (role 'r'), to write to
 * ('w'), or both ('b'), and the helper says this, which does not end, with something of the
 * client's behind it. Exit code 0: TLS is on and that is all there is to read. */
static int request_on_one(char role, struct span list, struct span behind, uint32_t seconds,
			  int stop)
{
	int control[2], plain[2], status;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, plain), 0);
	set_descriptor("SSLCTLFD", control[0]);
	set_descriptor("SSLREADFD", role == 'w' ? plain[0] : control[0]);
	set_descriptor("SSLWRITEFD", role == 'r' ? plain[0] : control[0]);
	assert_int_equal(write(control[1], list.bytes, list.length), list.length);
	assert_int_equal(write(role == 'w' ? plain[1] : control[1], behind.bytes, behind.length),
			 behind.length);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		struct text variables;
		char said[64];

		text_init(&variables, TLS_REQUEST_LIST);
		if (!tls_request_is_possible())
			_exit(254);
		if (tls_request_make(seconds, stop, &variables) == -1)
			_exit(errno);
		if (read(0, said, sizeof(said)) != (ssize_t)behind.length ||
		    memcmp(said, behind.bytes, behind.length) != 0 || write(1, "hello", 5) != 5)
			_exit(253);
		_exit(fcntl(control[0], F_GETFD) != -1 || tls_request_is_possible());
	}
	while (waitpid(child, &status, 0) == -1)
		;
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 0) {
		char said[7] = "";

		assert_int_equal(read(control[1], said, role == 'r' ? 1 : 6), role == 'r' ? 1 : 6);
		assert_string_equal(said, role == 'r' ? "Y" : "Yhello");
	}
	for (int index = 0; index < 2; index++) {
		close(control[index]);
		close(plain[index]);
	}
	return WEXITSTATUS(status);
}

static void test_tls_request_is_made_on_one_descriptor(void **state)
{
	const struct span lists[] = {SPAN("SSL_PROTOCOL=x\0SSL_OLD\0\0"), SPAN("\0"), SPAN("\0\0")};
	static const char roles[] = {'b', 'r', 'w'};

	(void)state;
	for (size_t role = 0; role < sizeof(roles); role++)
		for (size_t list = 0; list < sizeof(lists) / sizeof(*lists); list++)
			assert_int_equal(
				request_on_one(roles[role], lists[list], SPAN("EHLO x\r\n"), 5, -1),
				0);
	assert_int_equal(request_on_one('b', SPAN(""), SPAN("SSL_PROTOCOL=x\0"), 1, -1), ETIMEDOUT);
}

static void test_tls_request_is_told_to_stop(void **state)
{
	int stop[2];

	(void)state;
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "", 1), 1);
	assert_int_equal(request_on_one('r', SPAN(""), SPAN("SSL_X=x\0"), 600, stop[0]), ECANCELED);
	/* What is agreed on already is heard. */
	assert_int_equal(request_on_one('r', SPAN("SSL_X=x\0\0"), SPAN("a"), 600, stop[0]), 0);
	close(stop[0]);
	close(stop[1]);
}

static void test_tls_request_needs_open_descriptors(void **state)
{
	(void)state;
	unsetenv("SSLWRITEFD");
	set_descriptor("SSLCTLFD", 200);
	set_descriptor("SSLREADFD", 201);
	assert_false(tls_request_is_possible());
	set_descriptor("SSLWRITEFD", 201);
	assert_false(tls_request_is_possible());
	assert_int_equal(dup2(2, 200), 200);
	assert_int_equal(dup2(2, 201), 201);
	assert_true(tls_request_is_possible());
	tls_request_begin();
	assert_true(tls_request_is_possible());
	setenv("SSLWRITEFD", "1", 1);
	assert_false(tls_request_is_possible());
	setenv("SSLWRITEFD", "201x", 1);
	assert_false(tls_request_is_possible());
	set_descriptor("SSLWRITEFD", 201);
	set_descriptor("SSLCTLFD", 201);
	set_descriptor("SSLREADFD", 201);
	assert_true(tls_request_is_possible());
	close(200);
	close(201);
	tls_request_begin();
	assert_int_equal(dup2(2, 201), 201); /* something else, that is opened later */
	assert_false(tls_request_is_possible());
	close(201);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_request_takes_what_is_agreed),
		cmocka_unit_test(test_tls_request_hears_that_it_failed),
		cmocka_unit_test(test_tls_request_wants_the_whole_list),
		cmocka_unit_test(test_tls_request_is_made_on_one_descriptor),
		cmocka_unit_test(test_tls_request_is_told_to_stop),
		cmocka_unit_test(test_tls_request_needs_open_descriptors),
	};

	return cmocka_run_group_tests_name("tls_request", tests, NULL, NULL);
}
