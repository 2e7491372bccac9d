/*
 * dns_servers: a list of name servers as DNSCACHEIP gives it.
 *
 * Endpoints (see there) with commas between them; the port is 53 where none is given.
 */
#ifndef UNIX_DNS_SERVERS_H
#define UNIX_DNS_SERVERS_H

#include <stddef.h>

#include "base/endpoint.h"
#include "base/span.h"

#define DNS_SERVERS_MOST 16

/* Read a list, the first DNS_SERVERS_MOST of it. Returns how many these are; 0 when any of them is
 * malformed. */
size_t dns_servers_read(struct span list, struct endpoint servers[DNS_SERVERS_MOST]);

#endif
