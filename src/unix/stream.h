/*
 * stream: a connection that this program makes, none of whose steps outlasts the moment allowed,
 * but for the search for a name's addresses.
 *
 * A moment is as in deadline. Functions return 0 or a count, or -1 with errno; ETIMEDOUT: the
 * moment passed. What travels may go through a layer, such as TLS, that is put on later.
 */
#ifndef UNIX_STREAM_H
#define UNIX_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/endpoint.h"
#include "base/span.h"

/* The functions of a layer, which do not wait: -1 with EAGAIN, and in *events what poll(2) shall
 * wait for before the same call is made again. */
struct stream_layer {
	ssize_t (*read)(void *world, void *bytes, size_t size, short *events);
	ssize_t (*write)(void *world, const void *bytes, size_t size, short *events);
	/* The connection is about to be closed: say so if that can be said, and free the world. */
	void (*close)(void *world);
};

struct stream {
	int descriptor;			  /* -1: not connected */
	const struct stream_layer *layer; /* NULL: none */
	void *layer_world;
};

/* Where a host can be connected to, in the order in which that shall be tried. */
struct stream_addresses {
	struct addrinfo *found, *left; /* left: NULL when all have been tried */
};

/* No connection yet. */
void stream_init(struct stream *stream);

/* Connect to an address, or to the socket of the file system with this path. */
int stream_connect(struct stream *stream, const struct endpoint *endpoint, int64_t moment);
int stream_connect_path(struct stream *stream, const char *path, int64_t moment);

/* Find the addresses of a host, a name or an address. EADDRNOTAVAIL: it has none; ETIMEDOUT: no
 * name server told them; EAGAIN: they could not be found out. That takes as long as the resolver
 * likes. */
int stream_find(struct stream_addresses *addresses, const char *host, uint16_t port);

/* Connect to the first of those that are left that answers, each of which has so many milliseconds.
 * Those behind it are left for the next call. */
int stream_connect_next(struct stream *stream, struct stream_addresses *addresses,
			int64_t milliseconds, int64_t moment);

void stream_addresses_free(struct stream_addresses *addresses);

/* Write all the bytes. */
int stream_write(struct stream *stream, struct span bytes, int64_t moment);

/* Read what is there, at least a byte; 0 at the end. */
ssize_t stream_read(struct stream *stream, void *bytes, size_t size, int64_t moment);

/* Whether the other system has taken all that was written, and has not broken the connection: ask
 * when an answer has come, which tells what had been taken before. Where the kernel does not tell
 * what it has taken, it is believed to have. */
bool stream_has_arrived(const struct stream *stream);

/* Whether it leads to this machine: to a socket of the file system, or a loopback address. */
bool stream_is_local(const struct stream *stream);

/* Close it, if it is open, and its layer. */
void stream_close(struct stream *stream);

#endif
