/*
 * client: the two descriptors on which the client is, so that it can keep nobody waiting for ever.
 *
 * They may be a socket, pipes or files; their flags, which others may share, are left alone. What
 * is to be said is gathered and goes out when CLIENT_GATHER bytes are there or the caller flushes,
 * which it does before it waits for the client. Once the client cannot be reached any more
 * (is_gone) everything that is said is dropped.
 */
#ifndef HOST_CLIENT_H
#define HOST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/text.h"

#define CLIENT_GATHER 4096 /* bytes */

enum client_event {
	CLIENT_BYTES, /* bytes were read */
	CLIENT_END,   /* the client has closed its side, or the connection is broken */
	CLIENT_SLOW,  /* nothing came in time */
	CLIENT_STOP,  /* this process was asked to stop */
};

struct client {
	int input, output;
	int stop;	      /* a signalfd for SIGTERM, or -1 */
	bool is_socket;	      /* output is one, as far as is known */
	bool is_gone;	      /* what is said cannot reach it */
	bool has_said_all;    /* set by the caller: nothing more of it needs to be read */
	bool has_heard_all;   /* set by the caller: it has had its last reply */
	uint32_t say_seconds; /* how long it may take to take what is said */
	size_t length;	      /* bytes gathered */
	char gathered[CLIENT_GATHER];
};

/* Take the descriptors as they are. SIGTERM is blocked from now on: it is noticed where the client
 * is waited for, so that it never falls between a message that is stored and the word of it. */
void client_init(struct client *client, int input, int output);

/* Gather bytes to be said, and flush. */
void client_say(struct client *client, struct span bytes);
void client_flush(struct client *client);

/* Wait up to so many milliseconds for bytes and read some. *waited, in milliseconds, is the time
 * for which nothing was there. Sets *count when it answers CLIENT_BYTES. */
enum client_event client_read(struct client *client, void *bytes, size_t size,
			      uint64_t milliseconds, size_t *count, uint64_t *waited);

/* Let time pass, less when the client cannot be reached any more or this process shall stop. */
void client_pause(struct client *client, uint64_t milliseconds);

/* Put the connection under TLS by asking whoever is in front (unix/tls_request.h), who says in
 * *list what was agreed on; waits longer than TLSTIMEOUT says. Returns 0, or -1 with errno,
 * ECANCELED when this process shall stop; then the client cannot be reached any more. */
int client_start_tls(struct client *client, struct text *list);

/* Hang up so that the last words arrive: bytes that came in and were not read would make the system
 * throw them away, so until the client hangs up too, two seconds at most, all is read and dropped.
 * One that has said all sends no more, and is not waited for. SIGTERM does not shorten that. */
void client_hang_up(struct client *client);

#endif
