/*
 * tls_credentials: what a TLS server proves itself with, read from files into a context of libtls.
 *
 * TLS 1.2 and 1.3, the server's order of ciphers deciding; no session is resumed (of TLS 1.3
 * OpenSSL gives tickets, which lead to nothing).
 * All that is read from the disk is read here: afterwards the process needs no file any more.
 * Copies of the key are overwritten before they are freed; the one in use stays in the context.
 */
#ifndef UNIX_TLS_CREDENTIALS_H
#define UNIX_TLS_CREDENTIALS_H

#include "base/text.h"

/* Forward secret and authenticated. What libtls calls secure is more than that over OpenSSL. */
#define TLS_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct tls; /* of libtls */

struct tls_credentials {
	const char *certificate; /* PEM: the server's, then those that lead to its authority */
	const char *key;	 /* PEM; may be the same file */
	const char *authorities; /* PEM: who may vouch for clients; NULL: clients are not asked */
	const char *ciphers;	 /* OpenSSL's names of those of TLS 1.2; NULL: TLS_CIPHERS */
};

/* A server context for tls_accept_fds; the caller frees it with tls_free. NULL when the files
 * cannot be used: *why then gets the reason, which names the file. */
struct tls *tls_credentials_load(const struct tls_credentials *credentials, struct text *why);

#endif
