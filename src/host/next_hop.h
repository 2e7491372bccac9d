/*
 * next_hop: what trouble with the connection to a next hop means, as an exit code of qmail-queue's
 * interface.
 */
#ifndef HOST_NEXT_HOP_H
#define HOST_NEXT_HOP_H

#include "queue/status.h"

/* For an errno of connecting, and for one of reading or writing afterwards. */
enum queue_status next_hop_not_reached(int error);
enum queue_status next_hop_lost(int error);

#endif
