/*
 * endpoint: an address and a port as configuration files write them: "192.0.2.1", "192.0.2.1:628",
 * "2001:db8::1", "[2001:db8::1]:628". An IPv6 address that has a port stands in brackets, others
 * may.
 */
#ifndef BASE_ENDPOINT_H
#define BASE_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/span.h"

struct endpoint {
	struct address address;
	uint16_t port;
};

/* Read one and nothing else. False when it is none. */
bool endpoint_read(struct span text, uint16_t default_port, struct endpoint *endpoint);

/* Cut "HOST", "HOST:PORT" or a bracketed form into the host, without brackets, and the port. A host
 * may be anything that is not empty. False when the port is none. */
bool endpoint_split(struct span text, uint16_t default_port, struct span *host, uint16_t *port);

#endif
