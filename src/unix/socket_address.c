#include "unix/socket_address.h"

#include <netinet/in.h>
#include <string.h>

bool socket_address_read(const struct sockaddr *socket, struct address *address, uint16_t *port)
{
	const struct sockaddr_in *four = (const void *)socket;
	const struct sockaddr_in6 *six = (const void *)socket;

	if (socket->sa_family != AF_INET && socket->sa_family != AF_INET6)
		return false;
	*address = socket->sa_family == AF_INET ? address_from_4(&four->sin_addr)
						: address_from_16(&six->sin6_addr);
	if (port)
		*port = ntohs(socket->sa_family == AF_INET ? four->sin_port : six->sin6_port);
	return true;
}

socklen_t socket_address_write(struct sockaddr_storage *socket, const struct address *address,
			       uint16_t port)
{
	struct sockaddr_in *four = (void *)socket;
	struct sockaddr_in6 *six = (void *)socket;

	memset(socket, 0, sizeof(*socket));
	if (address->version == 4) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		memcpy(&four->sin_addr, address->bytes, sizeof(four->sin_addr));
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	memcpy(&six->sin6_addr, address->bytes, sizeof(six->sin6_addr));
	return sizeof(*six);
}

bool socket_address_set_port(struct sockaddr *socket, uint16_t port)
{
	if (socket->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)socket)->sin_port = htons(port);
	else if (socket->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)socket)->sin6_port = htons(port);
	else
		return false;
	return true;
}
