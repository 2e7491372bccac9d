/*
 * tls_variables: what TLS agreed on, as the list of variables that UCSPI-TLS hands to a program.
 *
 * A list is items NAME=VALUE, each ended by a NUL, and a NUL more at its end; two NULs when there
 * is no item. What does not apply to a connection has no item.
 */
#ifndef UNIX_TLS_VARIABLES_H
#define UNIX_TLS_VARIABLES_H

#include "base/text.h"

struct tls; /* of libtls */

/* Append an item, the value made printable: some are the client's words. Nothing when the value is
 * NULL. */
void tls_variables_add(struct text *list, const char *name, const char *value);

/* Append the end of the list. */
void tls_variables_end(struct text *list);

/* Append the list of a connection whose handshake is done. */
void tls_variables_describe(struct tls *connection, struct text *list);

/* Unset all variables SSL_*, and those that name descriptors: what was said of another connection,
 * or by somebody else, holds no more. */
void tls_variables_forget(void);

#endif
