/*
 * address: an IPv4 or IPv6 address in the one form in which clients are compared.
 *
 * A v4-mapped IPv6 address (::ffff:a.b.c.d) is its IPv4 address, always. Text is dotted for IPv4
 * and as RFC 5952 demands for IPv6. Scope identifiers are no part of it.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define ADDRESS_TEXT	   46 /* bytes that hold any address as text, its NUL included */
#define ADDRESS_TRANSLATOR 96 /* bits in front of a translated address, RFC 6052 section 2.1 */

struct address {
	uint8_t version;   /* 4 or 6 */
	uint8_t bytes[16]; /* network order; IPv4 uses the first four, the others are zero */
};

/* Read one address and nothing else. IPv4 is four decimal numbers without leading zeros. False,
 * and *address unchanged, when it is none. */
bool address_read(const char *string, struct address *address);
bool address_read_span(struct span text, struct address *address);

/* The same for a client's address as others write it: that of IPv6 may have a scope (fe80::1%eth0),
 * which is cut off, as rules, windows and lists have none. */
bool address_read_client(struct span text, struct address *address);

/* From the bytes of a socket address, in network order. */
struct address address_from_4(const void *bytes);
struct address address_from_16(const void *bytes);

/* Write its text with a NUL; returns the text's length. */
size_t address_write(const struct address *address, char text[ADDRESS_TEXT]);

bool address_equal(const struct address *left, const struct address *right);

/* The most bits a prefix of it can have: 32 or 128. */
unsigned address_bits(const struct address *address);

/* The address with all bits behind the first prefix_length ones zero. */
struct address address_prefix(const struct address *address, unsigned prefix_length);

/* Whether it is an IPv4 client's as a translator shows it, in 64:ff9b::/96 (RFC 6052 section 2.1)
 * or 64:ff9b:1::/48 (RFC 8215). Its last four bytes are the client's address; in the latter a
 * translator may have them further in front, which nothing tells. */
bool address_is_translated(const struct address *address);

/* Who it belongs to: of IPv6 the /64, which is what one customer is given and changes his address
 * within. Where strangers share a /64 it is the whole address, as for IPv4: behind a translator, in
 * Teredo's 2001::/32, on links, fe80::/10 (RFC 4291 section 2.5.6), and in ::/64, old ways for
 * IPv4. */
struct address address_owner(const struct address *address);

#endif
