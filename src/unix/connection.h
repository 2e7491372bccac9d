/*
 * connection: both ends of a TCP connection, and the variables that tell a program about them.
 *
 * The variables are those of tcp-environ(5): PROTO, and with TCP in front LOCALIP, LOCALPORT,
 * LOCALHOST, REMOTEIP, REMOTEPORT, REMOTEHOST, REMOTEINFO. For an IPv6 client PROTO is TCP6, the
 * same ones are set with TCP6 in front as well, and TCP6INTERFACE for a link-local client. A
 * v4-mapped client is an IPv4 client. What does not hold for a connection is unset, never left
 * over.
 */
#ifndef UNIX_CONNECTION_H
#define UNIX_CONNECTION_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/text.h"

struct connection {
	struct address local, remote;
	uint16_t local_port, remote_port;
	char interface[IF_NAMESIZE]; /* of a link-local client; else empty */
};

/* What was found out about it; NULL for what is not known. */
struct connection_names {
	const char *local_host, *remote_host, *remote_info;
};

/* Where variables go. A null value means that the variable shall not be set. */
struct connection_sink {
	void *world; /* handed back as first argument */
	void (*set)(void *world, const char *name, const char *value);
};

/* The names of all variables that can be set, NULL-ended. */
extern const char *const connection_variables[];

/* Those that others set besides: whoever begins with a connection of his own unsets them, lest they
 * speak of the one before. NULL-ended. */
extern const char *const connection_former_variables[];

/* Fill in one end from a socket address. False when it is neither IPv4 nor IPv6. */
bool connection_set_local(struct connection *connection, const struct sockaddr_storage *local);
bool connection_set_remote(struct connection *connection, const struct sockaddr_storage *remote);

/* Ask a socket for both ends. Returns 0, or -1 with errno: ENOTSOCK, ENOTCONN, and EPROTOTYPE for
 * whatever is not a TCP socket over IP. */
int connection_of(int descriptor, struct connection *connection);

/* Read both ends from the environment. False when TCPREMOTEIP is not set to an address; what is
 * missing otherwise becomes port 0, or the unspecified address of the client's family. */
bool connection_of_environment(struct connection *connection);

/* Socket addresses to talk to the client's machine from the same address of ours. */
socklen_t connection_local_socket(const struct connection *connection, uint16_t port,
				  struct sockaddr_storage *address);
socklen_t connection_remote_socket(const struct connection *connection, uint16_t port,
				   struct sockaddr_storage *address);

/* Set or unset all the variables. */
void connection_describe(const struct connection *connection, const struct connection_names *names,
			 struct connection_sink sink);

/* Set or unset one of them, named without TCP in front, in both forms. */
void connection_describe_name(const struct connection *connection, const char *name,
			      const char *value, struct connection_sink sink);

/* The sink that is this program's own environment. */
struct connection_sink connection_environment(void);

/* Append the traditional description for a log, LHOST:LIP:LPORT RHOST:RIP:RINFO:RPORT, in which
 * names are cut at 100 bytes and have no blank, '%' or ':'. */
void connection_write(const struct connection *connection, const struct connection_names *names,
		      struct text *text);

#endif
