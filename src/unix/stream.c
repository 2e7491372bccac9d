#include "unix/stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unix/deadline.h"
#include "unix/socket_address.h"

void stream_init(struct stream *stream)
{
	*stream = (struct stream){.descriptor = -1};
}

void stream_close(struct stream *stream)
{
	int kept = errno;

	if (stream->layer)
		stream->layer->close(stream->layer_world);
	if (stream->descriptor != -1)
		close(stream->descriptor);
	stream_init(stream);
	errno = kept;
}

static int connect_to(struct stream *stream, const struct sockaddr *address, socklen_t length,
		      int64_t moment)
{
	const int on = 1;

	stream_init(stream);
	stream->descriptor =
		socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (stream->descriptor == -1)
		return -1;
	/* What is written is all that there is to say, and must not wait until the peer has
	 * acknowledged what was written before. A socket that has a path knows no such waiting. */
	setsockopt(stream->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (deadline_connect(stream->descriptor, address, length, moment) == 0)
		return 0;
	stream_close(stream);
	return -1;
}

int stream_connect(struct stream *stream, const struct endpoint *endpoint, int64_t moment)
{
	struct sockaddr_storage address;
	socklen_t length = socket_address_write(&address, &endpoint->address, endpoint->port);

	return connect_to(stream, (struct sockaddr *)&address, length, moment);
}

int stream_connect_path(struct stream *stream, const char *path, int64_t moment)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	int result;

	stream_init(stream);
	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, length + 1);
	do /* EAGAIN: its backlog is full, and nothing tells when it is not any more */
		result = connect_to(stream, (struct sockaddr *)&address, sizeof(address), moment);
	while (result == -1 && errno == EAGAIN && deadline_left(moment) > 0 &&
	       poll(NULL, 0, 50) == 0);
	return result;
}

int stream_find(struct stream_addresses *addresses, const char *host, uint16_t port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	char service[sizeof("65535")];
	int code;

	*addresses = (struct stream_addresses){.found = NULL};
	snprintf(service, sizeof(service), "%u", (unsigned)port);
	code = getaddrinfo(host, service, &hints, &addresses->found);
	addresses->left = addresses->found;
	switch (code) {
	case 0: return 0;
	case EAI_NONAME:
	case EAI_NODATA: errno = EADDRNOTAVAIL; break;
	case EAI_AGAIN: errno = ETIMEDOUT; break;
	default: errno = EAGAIN;
	}
	return -1;
}

int stream_connect_next(struct stream *stream, struct stream_addresses *addresses,
			int64_t milliseconds, int64_t moment)
{
	int result = -1;

	stream_init(stream);
	for (; addresses->left && result == -1; addresses->left = addresses->left->ai_next) {
		int64_t latest = deadline_in(milliseconds);

		result = connect_to(stream, addresses->left->ai_addr, addresses->left->ai_addrlen,
				    latest < moment ? latest : moment);
	}
	return result;
}

void stream_addresses_free(struct stream_addresses *addresses)
{
	if (addresses->found)
		freeaddrinfo(addresses->found);
	*addresses = (struct stream_addresses){.found = NULL};
}

bool stream_is_local(const struct stream *stream)
{
	static const struct address loopback = {.version = 6, .bytes = {[15] = 1}};
	struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof(peer);
	struct address address;

	if (getpeername(stream->descriptor, (struct sockaddr *)&peer, &size) == -1)
		return false;
	if (!socket_address_read((struct sockaddr *)&peer, &address, NULL))
		return peer.ss_family == AF_UNIX;
	return address.version == 4 ? address.bytes[0] == 127 : address_equal(&address, &loopback);
}

static ssize_t write_some(struct stream *stream, struct span bytes, short *events)
{
	*events = POLLOUT;
	if (stream->layer)
		return stream->layer->write(stream->layer_world, bytes.bytes, bytes.length, events);
	return send(stream->descriptor, bytes.bytes, bytes.length, MSG_NOSIGNAL);
}

int stream_write(struct stream *stream, struct span bytes, int64_t moment)
{
	while (bytes.length) {
		short events;
		ssize_t count = write_some(stream, bytes, &events);

		if (count >= 0)
			bytes = span_tail(bytes, (size_t)count);
		else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (deadline_wait(stream->descriptor, events, moment) == -1)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

ssize_t stream_read(struct stream *stream, void *bytes, size_t size, int64_t moment)
{
	for (;;) {
		short events = POLLIN;
		ssize_t count = stream->layer ? stream->layer->read(stream->layer_world, bytes,
								    size, &events)
					      : recv(stream->descriptor, bytes, size, 0);

		if (count >= 0)
			return count;
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		if (errno != EINTR && deadline_wait(stream->descriptor, events, moment) == -1)
			return -1;
	}
}

bool stream_has_arrived(const struct stream *stream)
{
	int left = 0, number = 0;
	socklen_t size = sizeof(number);

	/* Where it may not be asked, what says that it has arrived has to be believed. */
	return (ioctl(stream->descriptor, TIOCOUTQ, &left) == -1 || left == 0) &&
	       getsockopt(stream->descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0 &&
	       number == 0;
}
