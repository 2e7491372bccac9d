#include "unix/tls_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <tls.h>
#include <unistd.h>

#include "support/certificates.h"
#include "support/check.h"
#include "unix/deadline.h"
#include "unix/file.h"

#define MUCH (3 * 1024 * 1024) /* bytes; more than is on its way at once */

/* --- the other side, a process of its own --- */

/* Speak TLS with this certificate, and say back all that comes. */
static _Noreturn void echo(int descriptor, const char *certificate)
{
	const char *path = certificates_path(certificate);
	struct tls_config *config = tls_config_new();
	struct tls *server = tls_server(), *connection = NULL;
	char bytes[5000];
	ssize_t count = 0;

	if (tls_config_set_keypair_file(config, path, path) == -1 ||
	    tls_configure(server, config) == -1 ||
	    tls_accept_socket(server, &connection, descriptor) == -1)
		_exit(2);
	for (;;) {
		do
			count = tls_read(connection, bytes, sizeof(bytes));
		while (count == TLS_WANT_POLLIN || count == TLS_WANT_POLLOUT);
		if (count <= 0)
			_exit(count == 0 ? 0 : 1);
		for (ssize_t done = 0, part; done < count; done += part) {
			do
				part = tls_write(connection, bytes + done, (size_t)(count - done));
			while (part == TLS_WANT_POLLIN || part == TLS_WANT_POLLOUT);
			if (part < 0)
				_exit(1);
		}
	}
}

/* Say this and no more, in the clear. */
static _Noreturn void say(int descriptor, const char *words)
{
	char byte;

	if (send(descriptor, words, strlen(words), MSG_NOSIGNAL) == -1)
		_exit(2);
	while (recv(descriptor, &byte, 1, 0) > 0)
		;
	_exit(0);
}

static _Noreturn void keep_silent(int descriptor, const char *unused)
{
	char byte;

	(void)unused;
	while (recv(descriptor, &byte, 1, 0) > 0)
		;
	_exit(0);
}

static _Noreturn void close_at_once(int descriptor, const char *unused)
{
	(void)unused;
	close(descriptor);
	_exit(0);
}

static pid_t start(struct stream *stream, void (*act)(int descriptor, const char *with),
		   const char *with)
{
	int ends[2];
	pid_t peer;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	peer = fork();
	if (peer == 0) {
		signal(SIGPIPE, SIG_IGN);
		close(ends[0]);
		act(ends[1], with);
	}
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	stream_init(stream);
	stream->descriptor = ends[0];
	return peer;
}

static void read_authorities(const char *name, struct text *contents)
{
	int descriptor = open(certificates_path(name), O_RDONLY);

	text_init(contents, 100000);
	assert_int_not_equal(descriptor, -1);
	assert_int_equal(file_read_all(descriptor, contents), 0);
	close(descriptor);
}

/* --- this side --- */

static void test_tls_client_trusts_only_whom_it_meant(void **state)
{
	static const struct {
		const char *what;
		void (*act)(int descriptor, const char *with);
		const char *with;	 /* the certificate, or the words */
		const char *name;	 /* of the host */
		const char *authorities; /* a file, or their text */
		int error;		 /* 0: there is TLS */
	} cases[] = {
		{"the host that was meant", echo, "localhost.pem", "localhost", "ca.pem", 0},
		{"in other letters", echo, "localhost.pem", "LocalHost", "ca.pem", 0},
		{"with a dot behind", echo, "localhost.pem", "localhost.", "ca.pem", 0},
		{"by its address", echo, "localhost.pem", "127.0.0.1", "ca.pem", 0},
		{"by another address", echo, "localhost.pem", "127.0.0.2", "ca.pem", EPROTO},
		{"a longer name", echo, "localhost.pem", "x.localhost", "ca.pem", EPROTO},
		{"another host", echo, "wrong.pem", "localhost", "ca.pem", EPROTO},
		{"one until yesterday", echo, "expired.pem", "localhost", "ca.pem", EPROTO},
		{"one who vouches for himself", echo, "both.pem", "mail.example.org", "ca.pem",
		 EPROTO},
		{"of another authority", echo, "localhost.pem", "localhost", "cert.pem", EPROTO},
		{"of no authority of the system", echo, "localhost.pem", "localhost", NULL, EPROTO},
		{"authorities that are none", echo, "localhost.pem", "localhost", "log", EPROTO},
		{"no name", echo, "localhost.pem", "", "ca.pem", EPROTO},
		{"a dot for a name", echo, "localhost.pem", ".", "ca.pem", EPROTO},
		{"one who speaks no TLS", say, "220 next.example ESMTP\r\n", "localhost", "ca.pem",
		 EPROTO},
		{"one who is gone", close_at_once, NULL, "localhost", "ca.pem", EPROTO},
		{"one who is silent", keep_silent, NULL, "localhost", "ca.pem", ETIMEDOUT},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text authorities, why;
		struct stream stream;
		int64_t milliseconds = cases[index].error == ETIMEDOUT ? 50 : 60000;
		int64_t latest = deadline_in(3000);
		pid_t peer = start(&stream, cases[index].act, cases[index].with);
		int result, error, status;

		read_authorities(cases[index].authorities ? cases[index].authorities : "log",
				 &authorities);
		text_init(&why, 1000);
		result = tls_client_start(&stream, cases[index].name,
					  cases[index].authorities ? text_span(&authorities)
								   : (struct span){NULL, 0},
					  deadline_in(milliseconds), &why);
		error = result == 0 ? 0 : errno;
		if (error != cases[index].error)
			fail_msg("%s: %d, %s: %s", cases[index].what, result, strerror(error),
				 text_string(&why));
		if ((error == EPROTO) != (why.length > 0))
			fail_msg("%s: the reason is \"%s\"", cases[index].what, text_string(&why));
		assert_int_equal(stream.layer != NULL, error == 0);
		if (error == ETIMEDOUT)
			assert_true(deadline_left(latest) > 0);
		stream_close(&stream);
		assert_int_equal(waitpid(peer, &status, 0), peer);
		if (error == 0 && status != 0)
			fail_msg("%s: the other side ended with %d", cases[index].what, status);
		text_free(&authorities);
		text_free(&why);
	}
}

/* Read so many bytes of what echo says back. */
static void hear(struct stream *stream, const char *expected, size_t length)
{
	char bytes[7000];

	while (length) {
		size_t most = length < sizeof(bytes) ? length : sizeof(bytes);
		ssize_t count = stream_read(stream, bytes, most, deadline_in(60000));

		assert_true(count > 0);
		assert_memory_equal(bytes, expected, (size_t)count);
		expected += count;
		length -= (size_t)count;
	}
}

static void test_tls_client_carries_bytes(void **state)
{
	char *much = malloc(MUCH), byte;
	struct text authorities, why;
	struct stream stream;
	pid_t peer;
	int status;

	(void)state;
	assert_non_null(much);
	for (size_t index = 0; index < MUCH; index++)
		much[index] = (char)(index % 251);
	read_authorities("ca.pem", &authorities);
	text_init(&why, 1000);
	peer = start(&stream, echo, "localhost.pem");
	assert_int_equal(tls_client_start(&stream, "localhost", text_span(&authorities),
					  deadline_in(60000), &why),
			 0);
	for (size_t done = 0; done < MUCH; done += 30000) { /* what both sides hold fits */
		struct span part = span_head((struct span){much + done, MUCH - done}, 30000);

		assert_int_equal(stream_write(&stream, part, deadline_in(60000)), 0);
		hear(&stream, part.bytes, part.length);
	}
	errno = 0;
	assert_int_equal(stream_read(&stream, &byte, 1, deadline_in(20)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(kill(peer, SIGKILL), 0);
	assert_int_equal(waitpid(peer, &status, 0), peer);
	assert_true(stream_read(&stream, &byte, 1, deadline_in(1000)) <= 0);
	stream_close(&stream);
	text_free(&authorities);
	text_free(&why);
	free(much);
}

static int make(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return certificates_make() ? 0 : -1;
}

static int take_away(void **state)
{
	(void)state;
	certificates_remove();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_client_trusts_only_whom_it_meant),
		cmocka_unit_test(test_tls_client_carries_bytes),
	};

	return cmocka_run_group_tests_name("tls_client", tests, make, take_away);
}
