#include "unix/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/connection.h"
#include "unix/deadline.h"
#include "unix/report.h"
#include "unix/socket_address.h"

#define ADDRESSES_MOST 32 /* of a host; any more are not tried */

/* An address to try. */
struct target {
	struct sockaddr_storage socket;
	socklen_t length;
	bool was_silent; /* it is worth a second time */
};

struct targets {
	size_t count;
	struct target target[ADDRESSES_MOST];
};

bool dial_read_times(const char *string, struct dial *dial)
{
	struct span whole = span_of(string);
	size_t plus = span_find(whole, '+');
	uint64_t first, second = 0;

	if (!number_read_span(span_head(whole, plus), DIAL_SECONDS, &first) || first == 0)
		return false;
	if (plus < whole.length &&
	    !number_read_span(span_tail(whole, plus + 1), DIAL_SECONDS, &second))
		return false;
	dial->first_seconds = (uint32_t)first;
	dial->second_seconds = (uint32_t)second;
	return true;
}

/* --- where to --- */

static int failed(struct text *why, const char *what, const char *whom)
{
	text_add_string(why, what);
	text_add_string(why, whom);
	return -1;
}

static int find_port(const char *text, uint16_t *port, struct text *why)
{
	uint32_t number = 0;

	/* Port 0 is nobody's. getaddrinfo(3) would take what is no number for one: "+25". */
	if (!number_read(text, 1, UINT16_MAX, &number)) {
		const struct servent *service = getservbyname(text, "tcp");

		if (!service)
			return failed(why, "unable to figure out port number for ", text);
		number = ntohs((uint16_t)service->s_port);
	}
	*port = (uint16_t)number;
	return 0;
}

/* Put the interface and the port into a socket address. */
static void complete(struct sockaddr_storage *socket, const char *interface, uint16_t port)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)socket;

	socket_address_set_port((struct sockaddr *)socket, port);
	if (interface && socket->ss_family == AF_INET6 && six->sin6_scope_id == 0 &&
	    IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
		six->sin6_scope_id = if_nametoindex(interface);
}

/* Add the addresses of a host to the targets. Returns what getaddrinfo does. */
static int add(struct targets *targets, const struct dial *dial, int family, const char *host,
	       uint16_t port)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP, .ai_family = family};
	struct addrinfo *found = NULL;
	int code = getaddrinfo(host, NULL, &hints, &found);

	for (struct addrinfo *each = found; code == 0 && each; each = each->ai_next) {
		struct target *target = &targets->target[targets->count];

		if (targets->count == ADDRESSES_MOST || each->ai_addrlen > sizeof(target->socket) ||
		    (each->ai_family != AF_INET && each->ai_family != AF_INET6))
			continue;
		memset(target, 0, sizeof(*target));
		memcpy(&target->socket, each->ai_addr, each->ai_addrlen);
		target->length = each->ai_addrlen;
		complete(&target->socket, dial->interface, port);
		targets->count++;
	}
	if (code == 0)
		freeaddrinfo(found);
	return code;
}

static int find_targets(struct targets *targets, const struct dial *dial, int family,
			const char *host, uint16_t port, struct text *why)
{
	int code = 0;

	targets->count = 0;
	if (strcmp(host, "0") == 0 || *host == '\0') {
		if (family != AF_INET6)
			add(targets, dial, AF_INET, "127.0.0.1", port);
		if (family != AF_INET)
			add(targets, dial, AF_INET6, "::1", port);
	} else {
		code = add(targets, dial, family, host, port);
	}
	if (targets->count)
		return 0;
	if (code == EAI_AGAIN || code == EAI_SYSTEM || code == EAI_MEMORY)
		return failed(why, "temporarily unable to figure out IP address for ", host);
	return failed(why, "no IP address for ", host);
}

/* --- from where --- */

/* The address to connect from; one of length 0 when the kernel chooses. */
static int find_local(struct target *local, const struct dial *dial, int *family, struct text *why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_family = *family,
				       .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
	struct addrinfo *found = NULL;

	memset(local, 0, sizeof(*local));
	if (!dial->local)
		return 0;
	if (getaddrinfo(dial->local, NULL, &hints, &found) != 0)
		return failed(why, "not an IP address to connect from: ", dial->local);
	memcpy(&local->socket, found->ai_addr, found->ai_addrlen);
	local->length = found->ai_addrlen;
	complete(&local->socket, dial->interface, dial->local_port);
	*family = found->ai_family;
	freeaddrinfo(found);
	return 0;
}

static int bind_local(int descriptor, const struct dial *dial, const struct target *local,
		      int family)
{
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	int on = 1;

	if (!local->length && !dial->local_port)
		return 0;
	/* A connection from this port that ended lately is no reason to refuse another. */
	if (dial->local_port)
		setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (local->length)
		return bind(descriptor, (const struct sockaddr *)&local->socket, local->length);
	complete(&any, NULL, dial->local_port);
	return bind(descriptor, (struct sockaddr *)&any,
		    family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
}

/* --- connecting --- */

static int set_up(int descriptor, const struct dial *dial)
{
	int flags = fcntl(descriptor, F_GETFL), on = 1;

	if (dial->no_delay)
		setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return flags == -1 ? -1 : fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
}

/* Try one address. Returns a descriptor, or -1 with errno; *is_hopeless: trying others is of no
 * use. */
static int try(const struct dial *dial, const struct target *local, const struct target *target,
	       uint32_t seconds, bool *is_hopeless)
{
	int family = target->socket.ss_family;
	int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), kept;

	if (descriptor == -1)
		return -1;
	*is_hopeless = bind_local(descriptor, dial, local, family) == -1;
	if (!*is_hopeless &&
	    deadline_connect(descriptor, (const struct sockaddr *)&target->socket, target->length,
			     deadline_in((int64_t)seconds * 1000)) == 0 &&
	    set_up(descriptor, dial) == 0)
		return descriptor;
	kept = errno;
	close(descriptor);
	errno = kept;
	return -1;
}

static void describe(const struct target *target, struct text *text)
{
	struct connection connection;
	char address[ADDRESS_TEXT];

	memset(&connection, 0, sizeof(connection));
	connection_set_remote(&connection, &target->socket);
	address_write(&connection.remote, address);
	text_add_string(text, address);
	text_add_string(text, " port ");
	text_add_number(text, connection.remote_port);
}

/* Put into *why what became of the last attempt. */
static void explain(const struct target *target, bool is_hopeless, int number, struct text *why)
{
	text_clear(why);
	if (is_hopeless) {
		text_add_string(why, "unable to bind socket");
	} else {
		text_add_string(why, "unable to connect to ");
		describe(target, why);
	}
	text_add_string(why, ": ");
	text_add_string(why, strerror(number));
}

/* Try all targets, or those that were silent. */
static int try_all(const struct dial *dial, const struct target *local, struct targets *targets,
		   bool is_second, struct text *why)
{
	uint32_t seconds = is_second ? dial->second_seconds : dial->first_seconds;

	for (size_t index = 0; index < targets->count; index++) {
		struct target *target = &targets->target[index];
		bool is_hopeless = false;
		int descriptor;

		if (is_second && !target->was_silent)
			continue;
		if (why->length) /* of the one before; the last one's goes to the caller */
			warn("%s", text_string(why));
		descriptor = try(dial, local, target, seconds, &is_hopeless);
		if (descriptor != -1)
			return descriptor;
		target->was_silent = errno == ETIMEDOUT;
		explain(target, is_hopeless, errno, why);
		if (is_hopeless)
			return -1;
	}
	return -1;
}

int dial_host(const struct dial *dial, const char *host, const char *port, struct text *why)
{
	struct targets targets;
	struct target local;
	int family = dial->family, descriptor;
	uint16_t number;

	if (dial->interface && if_nametoindex(dial->interface) == 0)
		return failed(why, "no such interface: ", dial->interface);
	if (find_port(port, &number, why) == -1 || find_local(&local, dial, &family, why) == -1 ||
	    find_targets(&targets, dial, family, host, number, why) == -1)
		return -1;
	descriptor = try_all(dial, &local, &targets, false, why);
	if (descriptor == -1 && dial->second_seconds)
		descriptor = try_all(dial, &local, &targets, true, why);
	return descriptor;
}
