/*
 * waiting: be started once, in advance, and serve each connection in a copy of this process.
 *
 * To start a program takes longer than to greet a client, and longer than to copy it once it is
 * there. A launcher may therefore start it with its name in TCPWAITING and a socket as descriptor 0
 * (see unix/prototype.h). On that socket the program says that it is ready, and gets each
 * connection with its variables in one message; it answers with the process id of the copy, or 0
 * when there is none.
 */
#ifndef UNIX_WAITING_H
#define UNIX_WAITING_H

#include <stdbool.h>

/* The name keeps a program from waiting behind another one, which would then have done its part
 * before there was a connection: looked up nobody's address, say. */
#define WAITING_VARIABLE "TCPWAITING"
#define WAITING_LARGEST	 65536 /* bytes of the variables, each with its NUL */

/* Call before the environment or descriptors 0 and 1 are looked at, and before anything is made
 * that copies must not share. Returns true at once when the program was not started in advance;
 * else in each copy, which is a child of the launcher: descriptors 0 and 1 are its connection, and
 * its variables are set. False: there will be no more of them, or another program was meant: end
 * with 0. */
bool waiting_take(void);

#endif
