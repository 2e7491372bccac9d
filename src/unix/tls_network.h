/*
 * tls_network: the encrypted side of a connection, read in large pieces.
 *
 * By itself the TLS library asks the system twice for each record of some kilobytes. Here one read
 * takes what is there, up to TLS_NETWORK_BUFFER bytes, and the library's reads are served from it.
 *
 * The library makes a client that hangs up without its close_notify an error, after which nothing
 * can be said to it either. Here it is an end like others, has_ended: what TLS carries must know
 * for itself whether it is complete, as SMTP does.
 */
#ifndef UNIX_TLS_NETWORK_H
#define UNIX_TLS_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#define TLS_NETWORK_BUFFER 65536 /* bytes */

struct tls; /* of libtls */

struct tls_network {
	int in, out;	   /* descriptors that do not block, perhaps the same */
	bool has_ended;	   /* nothing more can be read, though the library may want more */
	size_t start, end; /* of the bytes that were read and not yet asked for */
	char bytes[TLS_NETWORK_BUFFER];
};

/* Make a connection of the server that reads and writes on these descriptors; nothing is read yet.
 * The network must stay as long as the connection. NULL on an error, which tls_error(server)
 * explains. */
struct tls *tls_network_accept(struct tls *server, struct tls_network *network, int in, int out);

#endif
