/*
 * tls_client: TLS on a connection that this program has made, by libtls.
 *
 * TLS 1.2 and 1.3. The other side must prove by a certificate that is valid now that it is the host
 * that was meant; there is no way to go on without. No session is resumed, and no certificate of
 * our own shown.
 */
#ifndef UNIX_TLS_CLIENT_H
#define UNIX_TLS_CLIENT_H

#include "base/span.h"
#include "base/text.h"
#include "unix/stream.h"

/* Put TLS on a stream as its layer, which is gone when the stream is closed. The name is a host's,
 * or an address, and has to be one of the certificate's. Authorities are PEM; null: the system's.
 * Returns 0, or -1 with errno; EPROTO: there is no TLS, or none to be trusted, and *why gets the
 * reason. */
int tls_client_start(struct stream *stream, const char *name, struct span authorities,
		     int64_t moment, struct text *why);

#endif
