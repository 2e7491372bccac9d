#include "host/next_hop.h"

#include <errno.h>

enum queue_status next_hop_not_reached(int error)
{
	switch (error) {
	case ETIMEDOUT: return QUEUE_TIMED_OUT;
	case ECONNREFUSED:
	case ECONNRESET:
	case ENOENT: /* a socket of the file system */ return QUEUE_CONNECTION_REFUSED;
	case ENOMEM: return QUEUE_NO_MEMORY;
	default: return QUEUE_NO_NETWORK;
	}
}

enum queue_status next_hop_lost(int error)
{
	return error == ETIMEDOUT ? QUEUE_TIMED_OUT : QUEUE_CONNECTION_FAILED;
}
