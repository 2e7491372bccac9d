/*
 * credentials: the message in which a name and a password reach a program of checkpassword's
 * interface.
 */
#ifndef BASE_CREDENTIALS_H
#define BASE_CREDENTIALS_H

#include <stdbool.h>

#include "base/span.h"

#define CREDENTIALS_LARGEST 512 /* bytes of a message */

/* Read name, password and timestamp, each with a NUL behind it; what follows is passed over. Both
 * spans are then C strings too. False when the message is malformed. */
bool credentials_read(struct span message, struct span *name, struct span *password);

#endif
