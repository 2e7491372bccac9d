/*
 * tls_engine: the process that holds the key and speaks TLS, beside a program that asks it to.
 *
 * The server side of UCSPI-TLS. The engine is a process of its own and nobody's child. It reads
 * certificate and key, gives up its privileges, and then waits, without touching the connection on
 * descriptors 0 and 1, for the program's request on SSLCTLFD:
 *
 *     y       start TLS
 *     Y       start TLS, and send what was agreed on as a list of variables (tls_variables.h)
 *     (end)   no TLS is wanted: the engine ends
 *
 * SSLCTLFD ends after the list, or without one when the handshake failed, which the engine logs.
 * From then on the program reads and writes on SSLREADFD and SSLWRITEFD, each for its one
 * direction, and leaves the connection itself alone. The engine ends with the connection or the
 * program.
 *
 * Neither the key nor a descriptor of it ever is in the program's process: not before, because it
 * is the engine that reads it, and not after.
 */
#ifndef UNIX_TLS_ENGINE_H
#define UNIX_TLS_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "unix/tls_credentials.h"

struct tls_engine {
	struct tls_credentials credentials;
	const char *directory;	    /* what becomes its root directory; NULL: none does */
	uint32_t user, group;	    /* what it becomes when started as root */
	uint32_t handshake_seconds; /* for the whole of it */
	const char *client;	    /* whom to name in the log */
};

/* Start the engine for the program that this process is about to become: when it is ready, set the
 * three variables, which name descriptors of 10 or more. False when there will be no TLS; *why then
 * gets the reason, and nothing is left behind. */
bool tls_engine_start(const struct tls_engine *engine, struct text *why);

#endif
