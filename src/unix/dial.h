/*
 * dial: connect to the first address of a host that answers.
 *
 * Each address has little time at first. Those that were silent are tried once more, with more
 * time, when none of the others let us in.
 */
#ifndef UNIX_DIAL_H
#define UNIX_DIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/text.h"

#define DIAL_SECONDS 86400 /* the longest time for an address */

struct dial {
	int family;	       /* AF_UNSPEC, or the only one wanted: AF_INET, AF_INET6 */
	const char *local;     /* the address to connect from; NULL: the kernel chooses */
	uint16_t local_port;   /* 0: the kernel chooses */
	const char *interface; /* for link-local addresses that name none; NULL: none */
	uint32_t first_seconds, second_seconds; /* 0: there is no second time */
	bool no_delay;				/* TCP_NODELAY */
};

#define DIAL_DEFAULT ((struct dial){.first_seconds = 2, .second_seconds = 58})

/* Read the time that an address has, "SECONDS" or "FIRST+SECOND". False when it is none. */
bool dial_read_times(const char *string, struct dial *dial);

/* Connect. The host is a name or an address, which may name its interface behind a percent sign;
 * "0" is this machine. The port is a number or a service's name. Returns a descriptor, which blocks
 * and is not inherited, or -1 with the reason in *why, which is empty before. Where there are
 * several addresses, those that do not answer are warned of. */
int dial_host(const struct dial *dial, const char *host, const char *port, struct text *why);

#endif
