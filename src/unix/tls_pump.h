/*
 * tls_pump: carry bytes between a client under TLS and a program that reads and writes in the
 * clear.
 *
 * Each direction has one buffer of TLS_PUMP_BUFFER bytes and stops reading where its reader is
 * slow. Each side may finish on its own: the client's close_notify becomes the program's end of
 * file, and the program's end of file becomes close_notify, after all that came before it. How long
 * a client or the program may be silent is the program's business; once the program is gone, what
 * it said last is given TLS_PUMP_PATIENCE to arrive.
 */
#ifndef UNIX_TLS_PUMP_H
#define UNIX_TLS_PUMP_H

#include "base/text.h"

#define TLS_PUMP_BUFFER	  65536 /* bytes */
#define TLS_PUMP_PATIENCE 60000 /* milliseconds without progress, when the program is gone */
#define TLS_PUMP_FAREWELL 5000	/* milliseconds for the client to hang up after close_notify */

struct tls; /* of libtls */
struct tls_network;

/* Carry on until both sides have finished, or one is gone and the other has been told. The
 * connection speaks on the network, its handshake is done, SIGPIPE is ignored. The program's
 * descriptors, which are read and written here, do not block; they are closed in the end. Appends
 * to *why what broke the connection, nothing after an end of any kind. */
void tls_pump_run(struct tls *connection, struct tls_network *network, int program_in,
		  int program_out, struct text *why);

#endif
