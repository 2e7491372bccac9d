/*
 * dns_servers: a list of name servers as DNSCACHEIP gives it.
 *
 * Addresses with commas between them, each with ":port" behind it where it is not 53; an IPv6
 * address that has a port stands in brackets, others may.
 */
#ifndef UNIX_DNS_SERVERS_H
#define UNIX_DNS_SERVERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/span.h"

#define DNS_SERVERS_MOST 16

struct dns_server {
	struct address address;
	uint16_t port;
};

/* Read a list. Returns how many there are; 0 when any of it is malformed, or they are too many. */
size_t dns_servers_read(struct span list, struct dns_server servers[DNS_SERVERS_MOST]);

#endif
