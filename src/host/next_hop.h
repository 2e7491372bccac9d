/*
 * next_hop: what trouble with the connection to a next hop means, as an exit code of qmail-queue's
 * interface.
 */
#ifndef HOST_NEXT_HOP_H
#define HOST_NEXT_HOP_H

#include "queue/status.h"

/* Milliseconds for an answer to be read that one has given before he had heard all. It is there
 * already, or on its way: he has closed the connection behind it. */
#define NEXT_HOP_LAST_WORDS 1000

/* For an errno of connecting, and for one of reading or writing afterwards. */
enum queue_status next_hop_not_reached(int error);
enum queue_status next_hop_lost(int error);

#endif
