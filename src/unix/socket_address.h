/*
 * socket_address: an address and a port as the kernel's socket calls have them.
 *
 * IPv4 and IPv6; of any other family is none that this suite knows.
 */
#ifndef UNIX_SOCKET_ADDRESS_H
#define UNIX_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/address.h"

/* Take one apart. *port may be NULL. False, and nothing set, when it is of another family. */
bool socket_address_read(const struct sockaddr *socket, struct address *address, uint16_t *port);

/* Make one, without a scope. Returns its length. */
socklen_t socket_address_write(struct sockaddr_storage *socket, const struct address *address,
			       uint16_t port);

/* False when it is of another family, which has no port. */
bool socket_address_set_port(struct sockaddr *socket, uint16_t port);

#endif
