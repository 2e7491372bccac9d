/*
 * tls_request: ask the program in front to put the connection under TLS.
 *
 * The client side of UCSPI-TLS: SSLCTLFD, SSLREADFD and SSLWRITEFD name a descriptor for the
 * request and those to read and write afterwards; they may be one. What TLS agreed on comes back as
 * a list of variables, each NAME=VALUE, or NAME for one that is to be unset, with a NUL behind it.
 */
#ifndef UNIX_TLS_REQUEST_H
#define UNIX_TLS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define TLS_REQUEST_LIST 65536 /* bytes of the list of variables, at most */

/* Call before anything is opened. Variables that do not name three open descriptors are unset, or
 * they would name whatever gets these numbers. */
void tls_request_begin(void);

/* Whether the three variables name open descriptors, so that a request can be made. */
bool tls_request_is_possible(void);

/* The three descriptors; -1 for all when no request can be made. */
#define TLS_REQUEST_DESCRIPTORS 3
void tls_request_descriptors(int descriptors[TLS_REQUEST_DESCRIPTORS]);

/* Make the request and wait for the handshake, so many seconds at most, or until there is something
 * to read from stop, a signalfd for example; -1: there is no such descriptor. On success
 * descriptors 0 and 1 are the connection under TLS, and the list is appended to *list, which should
 * be empty and have room for TLS_REQUEST_LIST bytes. Returns 0, or -1 with errno (EPROTO: the
 * handshake failed or the list was cut off or does not fit, ETIMEDOUT: it did not end in time,
 * ECANCELED: stop ended it); then the connection is of no more use. Either way no further request
 * is possible and the descriptors are closed. */
int tls_request_make(uint32_t seconds, int stop, struct text *list);

/* Do what such a list says, to SSL_ variables and no others: nobody in front of us is to set
 * anything else here, and neither SSL_CERT_FILE nor SSL_CERT_DIR. It may be any bytes, and is used
 * up. Nobody finds the three descriptors in the environment any more. */
void tls_request_set(struct text *list);

#endif
