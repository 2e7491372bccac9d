#include "unix/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **found);

/* Of twice.test there is 127.0.0.1 more than once: for each type of socket. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **found)
{
	if (strcmp(host, "twice.test") == 0)
		return __real_getaddrinfo("127.0.0.1", service, NULL, found);
	return __real_getaddrinfo(host, service, hints, found);
}

static void close_all(struct listeners *listeners)
{
	while (listeners->count)
		close(listeners->listener[--listeners->count].descriptor);
}

/* Connect from and to an address; returns the client's socket. */
static int connect_to(const char *text, uint16_t port)
{
	struct connection connection = {.remote = {.version = 0}};
	struct sockaddr_storage address;
	socklen_t length;
	int client;

	assert_true(address_read(text, &connection.remote));
	length = connection_remote_socket(&connection, port, &address);
	client = socket(address.ss_family, SOCK_STREAM, 0);
	if (connect(client, (struct sockaddr *)&address, length) == 0)
		return client;
	close(client);
	return -1;
}

static void test_listeners_open_where_told(void **state)
{
	static const struct {
		const char *name, *host;
		const char *reaches[3]; /* addresses of this machine */
		const char *misses;
	} cases[] = {
		{"0 is both families", "0", {"127.0.0.1", "127.0.0.9", "::1"}, NULL},
		{"nothing is both families", "", {"127.0.0.1", "127.0.0.9", "::1"}, NULL},
		{":: is both families", "::", {"127.0.0.1", "127.0.0.9", "::1"}, NULL},
		{"0.0.0.0 is IPv4", "0.0.0.0", {"127.0.0.1", "127.0.0.9", NULL}, "::1"},
		{"an IPv4 address", "127.0.0.1", {"127.0.0.1", NULL, NULL}, "127.0.0.9"},
		{"an IPv6 address", "::1", {"::1", NULL, NULL}, "127.0.0.1"},
		{"a name", "localhost", {"127.0.0.1", NULL, NULL}, "127.0.0.9"},
		{"twice the same", "twice.test", {"127.0.0.1", NULL, NULL}, "127.0.0.9"},
	};
	struct listeners listeners;
	struct text why;

	(void)state;
	text_init(&why, 1024);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const char *name = cases[index].name;
		uint16_t port;

		if (listeners_open(&listeners, cases[index].host, "0", 5, &why) == -1)
			fail_msg("%s: %s", name, text_string(&why));
		port = listeners.listener[0].port;
		assert_int_not_equal(port, 0);
		for (size_t each = 0; each < 3 && cases[index].reaches[each]; each++) {
			int client = connect_to(cases[index].reaches[each], port);

			if (client == -1)
				fail_msg("%s: %s is not reached", name, cases[index].reaches[each]);
			close(client);
		}
		if (cases[index].misses && connect_to(cases[index].misses, port) != -1)
			fail_msg("%s: %s is reached", name, cases[index].misses);
		close_all(&listeners);
	}
	text_free(&why);
}

static void test_listeners_say_what_is_wrong(void **state)
{
	static const struct {
		const char *name, *host, *port, *why;
	} cases[] = {
		{"port out of range", "0", "65536", "unable to figure out port number for 65536"},
		{"no service", "0", "no-such-service",
		 "unable to figure out port number for no-such-service"},
		{"not our address", "192.0.2.222", "0",
		 "unable to listen on 192.0.2.222: Cannot assign requested address"},
	};
	struct listeners listeners;
	struct text why;

	(void)state;
	text_init(&why, 1024);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		text_clear(&why);
		assert_int_equal(
			listeners_open(&listeners, cases[index].host, cases[index].port, 5, &why),
			-1);
		CHECK_SPAN(cases[index].name, text_span(&why), cases[index].why);
	}
	text_free(&why);
}

static void test_listeners_leave_addresses_to_others(void **state)
{
	struct listeners others, listeners;
	char port[8];
	struct text why;

	(void)state;
	text_init(&why, 1024);
	assert_int_equal(listeners_open(&others, "twice.test", "0", 5, &why), 0);
	assert_int_equal(others.count, 1);
	snprintf(port, sizeof(port), "%d", others.listener[0].port);
	assert_int_equal(listeners_open(&listeners, "twice.test", port, 5, &why), -1);
	CHECK_SPAN("in use", text_span(&why),
		   "unable to listen on twice.test: Address already in use");
	close_all(&others);
	text_free(&why);
}

static void test_listener_accepts(void **state)
{
	static const struct {
		const char *name, *host, *client;
	} cases[] = {
		{"IPv4", "127.0.0.1", "127.0.0.1"},
		{"IPv4 by a socket of both families", "0", "127.0.0.1"},
		{"IPv6", "::1", "::1"},
		{"IPv6 by a socket of both families", "0", "::1"},
	};
	struct listeners listeners;
	struct text why;

	(void)state;
	text_init(&why, 1024);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct connection connection, whole;
		struct address expected;
		int client, server;

		assert_int_equal(listeners_open(&listeners, cases[index].host, "0", 5, &why), 0);
		assert_int_equal(listener_accept(&listeners.listener[0], &connection), -1);
		assert_int_equal(errno, EAGAIN);
		client = connect_to(cases[index].client, listeners.listener[0].port);
		/* What the socket is bound to does not count: TPROXY brings other connections, too.
		 */
		assert_true(address_read("192.0.2.1", &listeners.listener[0].address));
		listeners.listener[0].port = 2525;
		server = listener_accept(&listeners.listener[0], &connection);
		assert_int_not_equal(server, -1);
		assert_int_equal(fcntl(server, F_GETFL) & O_NONBLOCK, 0);
		assert_int_equal(fcntl(server, F_GETFD), FD_CLOEXEC);
		assert_int_equal(listener_complete(server, &connection), 0);
		assert_true(address_read(cases[index].client, &expected));
		assert_int_equal(connection_of(server, &whole), 0);
		if (!address_equal(&connection.remote, &expected) ||
		    !address_equal(&connection.local, &expected) ||
		    !address_equal(&whole.local, &expected) ||
		    whole.local_port != connection.local_port ||
		    whole.remote_port != connection.remote_port)
			fail_msg("%s: wrong addresses or ports", cases[index].name);
		close(client);
		close(server);
		close_all(&listeners);
	}
	text_free(&why);
}

static int run(void (*child)(void))
{
	pid_t process = fork();
	int status;

	if (process == 0) {
		child();
		_exit(99);
	}
	assert_int_equal(waitpid(process, &status, 0), process);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Ends with 0 when the one inherited listener can be connected to. */
static void end_with(struct listeners *listeners, int result)
{
	struct connection connection;

	if (result == -1)
		_exit(1);
	_exit(listeners->count == 1 && connect_to("127.0.0.1", listeners->listener[0].port) != -1 &&
			      listener_accept(&listeners->listener[0], &connection) != -1
		      ? 0
		      : 2);
}

static void listen_on(int descriptor, int type)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int own = socket(AF_INET, type, 0);

	bind(own, (struct sockaddr *)&any, sizeof(any));
	if (type == SOCK_STREAM)
		listen(own, 5);
	if (own != descriptor) {
		dup2(own, descriptor);
		close(own);
	}
}

static void set_process(pid_t process)
{
	char number[16];

	sprintf(number, "%d", (int)process);
	setenv("LISTEN_PID", number, 1);
	setenv("LISTEN_FDS", "1", 1);
}

static void inherit(void)
{
	struct listeners listeners;
	struct text why;

	text_init(&why, 1024);
	end_with(&listeners, listeners_inherit(&listeners, &why));
}

static void inherit_passed(void)
{
	listen_on(3, SOCK_STREAM);
	set_process(getpid());
	inherit();
}

static void inherit_what_was_not_for_us(void)
{
	listen_on(3, SOCK_STREAM);
	close(0);
	set_process(getppid());
	inherit();
}

static void inherit_input(void)
{
	listen_on(0, SOCK_STREAM);
	inherit();
}

static void inherit_datagrams(void)
{
	listen_on(3, SOCK_DGRAM);
	set_process(getpid());
	inherit();
}

static void inherit_too_many(void)
{
	listen_on(3, SOCK_STREAM);
	set_process(getpid());
	setenv("LISTEN_FDS", "2", 1); /* there is no descriptor 4 */
	inherit();
}

static void inherit_none(void)
{
	listen_on(0, SOCK_STREAM);
	set_process(getpid());
	setenv("LISTEN_FDS", "0", 1);
	inherit();
}

static void inherit_input_without_count(void)
{
	listen_on(0, SOCK_STREAM);
	set_process(getpid());
	unsetenv("LISTEN_FDS");
	inherit();
}

static void test_listeners_inherit(void **state)
{
	static const struct {
		const char *name;
		void (*child)(void);
		int code;
	} cases[] = {
		{"passed by a service manager", inherit_passed, 0},
		{"passed to another process", inherit_what_was_not_for_us, 1},
		{"on descriptor 0", inherit_input, 0},
		{"a datagram socket", inherit_datagrams, 1},
		{"fewer than announced", inherit_too_many, 1},
		{"none, and one on descriptor 0", inherit_none, 1},
		{"no number, and one on descriptor 0", inherit_input_without_count, 0},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int code = run(cases[index].child);

		if (code != cases[index].code)
			fail_msg("%s: %d and not %d", cases[index].name, code, cases[index].code);
	}
}

/* From here on this process has no IPv6. */
static void forget_ipv6(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), /* the system call's number */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), /* its first argument, the family */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {LENGTH(program), program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == -1)
		_exit(98);
}

static void listen_without_ipv6(void)
{
	struct listeners listeners;
	struct text why;

	text_init(&why, 1024);
	forget_ipv6();
	end_with(&listeners, listeners_open(&listeners, "0", "0", 5, &why));
}

static void listen_on_a_name_without_ipv6(void)
{
	struct listeners listeners;
	struct text why;

	text_init(&why, 1024);
	forget_ipv6();
	end_with(&listeners, listeners_open(&listeners, "localhost", "0", 5, &why));
}

static void test_listeners_do_without_ipv6(void **state)
{
	(void)state;
	assert_int_equal(run(listen_without_ipv6), 0);
	assert_int_equal(run(listen_on_a_name_without_ipv6), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners_open_where_told),
		cmocka_unit_test(test_listeners_say_what_is_wrong),
		cmocka_unit_test(test_listeners_leave_addresses_to_others),
		cmocka_unit_test(test_listener_accepts),
		cmocka_unit_test(test_listeners_inherit),
		cmocka_unit_test(test_listeners_do_without_ipv6),
	};

	return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
