/*
 * waiting: be started before there is a connection, and wait for one.
 *
 * To start a program takes longer than to greet a client. A launcher may therefore start it in
 * advance, with its name in TCPWAITING and a socket as descriptor 0 (see unix/pool.h). On that
 * socket the program says WAITING_READY, and gets its connection with its variables in one message.
 */
#ifndef UNIX_WAITING_H
#define UNIX_WAITING_H

#include <stdbool.h>

/* The name keeps a program from waiting behind another one, which would then have done its part
 * before there was a connection: looked up nobody's address, say. */
#define WAITING_VARIABLE "TCPWAITING"
#define WAITING_READY	 'r'
#define WAITING_LARGEST	 65536 /* bytes of the variables, each with its NUL */

/* Call before the environment or descriptors 0 and 1 are looked at. Returns true at once when the
 * program was not started in advance; else when there is a connection: it is descriptors 0 and 1,
 * and its variables are set. False: there will be none, or another program was meant: end with 0.
 * prepare, which may be NULL, is called before it waits. */
bool waiting_take(void (*prepare)(void));

#endif
