#include "unix/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/environment.h"
#include "unix/socket_address.h"

#define FIRST_PASSED 3 /* sd_listen_fds(3): the descriptor of the first socket passed */

const char *const listeners_variables[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
					   "LISTEN_PIDFDID", NULL};

static int failed(struct text *why, const char *what, const char *which, int number)
{
	text_add_string(why, what);
	text_add_string(why, which);
	if (number) {
		text_add_string(why, ": ");
		text_add_string(why, strerror(number));
	}
	return -1;
}

/* Add a socket that listens, and find out where. Returns 0, or -1 with errno. */
static int add(struct listeners *listeners, int descriptor)
{
	struct listener *listener = &listeners->listener[listeners->count];
	struct connection connection;
	struct sockaddr_storage local;
	socklen_t length = sizeof(local);

	if (listeners->count == LISTENERS_MOST) {
		errno = E2BIG;
		return -1;
	}
	if (getsockname(descriptor, (struct sockaddr *)&local, &length) == -1)
		return -1;
	if (!connection_set_local(&connection, &local)) {
		errno = EPROTOTYPE;
		return -1;
	}
	listener->descriptor = descriptor;
	listener->address = connection.local;
	listener->port = connection.local_port;
	listeners->count++;
	return 0;
}

/* --- sockets of our own --- */

static int listen_on(struct listeners *listeners, const struct sockaddr *address, socklen_t length,
		     int backlog)
{
	int on = 1, off = 0, kept;
	int descriptor = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (descriptor == -1)
		return -1;
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->sa_family == AF_INET6 &&
	    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == -1)
		goto failed;
	if (bind(descriptor, address, length) == -1 || listen(descriptor, backlog) == -1)
		goto failed;
	if (add(listeners, descriptor) == 0)
		return 0;
failed:
	kept = errno;
	close(descriptor);
	errno = kept;
	return -1;
}

static bool is_no_such_family(int number)
{
	return number == EAFNOSUPPORT || number == EPROTONOSUPPORT || number == EADDRNOTAVAIL;
}

static int open_everywhere(struct listeners *listeners, uint16_t port, int backlog)
{
	struct sockaddr_in6 all = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
	struct sockaddr_in all_4 = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (listen_on(listeners, (struct sockaddr *)&all, sizeof(all), backlog) == 0)
		return 0;
	if (!is_no_such_family(errno))
		return -1;
	return listen_on(listeners, (struct sockaddr *)&all_4, sizeof(all_4), backlog);
}

/* Whether an address is that of a listener already: /etc/hosts may name it twice. */
static bool has(const struct listeners *listeners, const struct sockaddr *socket)
{
	struct address address;

	if (!socket_address_read(socket, &address, NULL))
		return false;
	for (size_t index = 0; index < listeners->count; index++)
		if (address_equal(&listeners->listener[index].address, &address))
			return true;
	return false;
}

static int open_host(struct listeners *listeners, const char *host, uint16_t port, int backlog,
		     struct text *why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
	struct addrinfo *found = NULL, *each;
	int code = getaddrinfo(host, NULL, &hints, &found), trouble = 0;

	if (code == EAI_NONAME)
		return failed(why, "no IP address for ", host, 0);
	if (code) {
		failed(why, "unable to find an IP address for ", host, 0);
		return failed(why, ": ", code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code),
			      0);
	}
	for (each = found; each && !trouble; each = each->ai_next) {
		if (listeners->count)
			port = listeners->listener[0].port;
		if (!socket_address_set_port(each->ai_addr, port) ||
		    listen_on(listeners, each->ai_addr, each->ai_addrlen, backlog) == 0)
			continue;
		/* One of several addresses may be of a family that this machine lacks. */
		if (!(is_no_such_family(errno) && (each->ai_next || listeners->count)) &&
		    !(errno == EADDRINUSE && has(listeners, each->ai_addr)))
			trouble = errno;
	}
	freeaddrinfo(found);
	if (trouble || listeners->count == 0)
		return failed(why, "unable to listen on ", host, trouble ? trouble : EADDRNOTAVAIL);
	return 0;
}

static bool read_port(const char *text, uint16_t *port)
{
	const struct servent *service;
	uint32_t number;

	if (number_read(text, 0, UINT16_MAX, &number)) {
		*port = (uint16_t)number;
		return true;
	}
	service = getservbyname(text, "tcp");
	if (!service)
		return false;
	*port = ntohs((uint16_t)service->s_port);
	return true;
}

int listeners_open(struct listeners *listeners, const char *host, const char *port, int backlog,
		   struct text *why)
{
	uint16_t number;

	listeners->count = 0;
	if (!read_port(port, &number))
		return failed(why, "unable to figure out port number for ", port, 0);
	if (*host && strcmp(host, "0") != 0 && strcmp(host, "::") != 0)
		return open_host(listeners, host, number, backlog, why);
	if (open_everywhere(listeners, number, backlog) == -1)
		return failed(why, "unable to listen on port ", port, errno);
	return 0;
}

/* --- sockets of others --- */

static int take(struct listeners *listeners, int descriptor)
{
	int is_listening = 0, type = 0, status;
	socklen_t length = sizeof(int);

	if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length) == -1 ||
	    getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) == -1)
		return -1;
	if (type != SOCK_STREAM || !is_listening) {
		errno = EPROTOTYPE;
		return -1;
	}
	status = fcntl(descriptor, F_GETFL);
	if (status == -1 || fcntl(descriptor, F_SETFL, status | O_NONBLOCK) == -1 ||
	    fcntl(descriptor, F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	return add(listeners, descriptor);
}

static int take_input(struct listeners *listeners)
{
	int null, descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, FIRST_PASSED);

	if (descriptor == -1 || take(listeners, descriptor) == -1)
		return -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1)
		return -1;
	close(null);
	return 0;
}

int listeners_inherit(struct listeners *listeners, struct text *why)
{
	const char *process = environment_get("LISTEN_PID"), *count = environment_get("LISTEN_FDS");
	uint32_t number = 0;

	listeners->count = 0;
	if (process && count && number_read(process, 1, INT32_MAX, &number) &&
	    number == (uint32_t)getpid()) {
		if (!number_read(count, 1, LISTENERS_MOST, &number))
			return failed(why, "LISTEN_FDS is not a number of sockets: ", count, 0);
		for (int index = 0; index < (int)number; index++)
			if (take(listeners, FIRST_PASSED + index) == -1)
				return failed(why, "a descriptor that was passed is no",
					      " listening TCP socket", errno);
		return 0;
	}
	if (take_input(listeners) == -1)
		return failed(why, "descriptor 0 is no listening TCP socket,",
			      " and none was passed by LISTEN_FDS", errno);
	return 0;
}

int listeners_set_nodelay(const struct listeners *listeners)
{
	int on = 1;

	for (size_t index = 0; index < listeners->count; index++)
		if (setsockopt(listeners->listener[index].descriptor, IPPROTO_TCP, TCP_NODELAY, &on,
			       sizeof(on)) == -1)
			return -1;
	return 0;
}

/* --- connections --- */

int listener_accept(const struct listener *listener, struct connection *connection)
{
	struct sockaddr_storage remote;
	socklen_t length = sizeof(remote);
	int descriptor =
		accept4(listener->descriptor, (struct sockaddr *)&remote, &length, SOCK_CLOEXEC);

	if (descriptor == -1) {
		if (errno == EINTR)
			errno = EAGAIN;
		return -1;
	}
	if (!connection_set_remote(connection, &remote)) {
		close(descriptor);
		errno = EAGAIN;
		return -1;
	}
	return descriptor;
}

int listener_complete(int descriptor, struct connection *connection)
{
	struct sockaddr_storage local;
	socklen_t length = sizeof(local);

	if (getsockname(descriptor, (struct sockaddr *)&local, &length) == -1)
		return -1;
	connection_set_local(connection, &local);
	return 0;
}
