#include "unix/tls_network.h"

#include <errno.h>
#include <string.h>
#include <tls.h>
#include <unistd.h>

#include "unix/file.h"

static ssize_t read_some(struct tls *connection, void *bytes, size_t size, void *argument)
{
	struct tls_network *network = argument;
	size_t count;

	(void)connection;
	if (network->start == network->end) {
		ssize_t got = file_read(network->in, network->bytes, sizeof(network->bytes));

		if (got == -1)
			return errno == EAGAIN ? TLS_WANT_POLLIN : -1;
		if (got == 0) {
			network->has_ended = true;
			return TLS_WANT_POLLIN;
		}
		network->start = 0;
		network->end = (size_t)got;
	}
	count = network->end - network->start;
	if (count > size)
		count = size;
	memcpy(bytes, network->bytes + network->start, count);
	network->start += count;
	return (ssize_t)count;
}

static ssize_t write_some(struct tls *connection, const void *bytes, size_t size, void *argument)
{
	struct tls_network *network = argument;
	ssize_t count;

	(void)connection;
	do
		count = write(network->out, bytes, size);
	while (count == -1 && errno == EINTR);
	return count == -1 && errno == EAGAIN ? TLS_WANT_POLLOUT : count;
}

struct tls *tls_network_accept(struct tls *server, struct tls_network *network, int in, int out)
{
	struct tls *connection = NULL;

	network->in = in;
	network->out = out;
	network->has_ended = false;
	network->start = network->end = 0;
	if (tls_accept_cbs(server, &connection, read_some, write_some, network) == -1)
		return NULL;
	return connection;
}
