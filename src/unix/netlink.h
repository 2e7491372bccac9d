/*
 * netlink: what the kernel tells of this machine's routes, links and addresses, see rtnetlink(7).
 *
 * An answer is messages, a message is a fixed part and attributes, and each message and attribute
 * begins with its length, which is not believed when there is less. Only netlink_dump asks, the
 * others are pure.
 */
#ifndef UNIX_NETLINK_H
#define UNIX_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct netlink_attribute {
	unsigned type;
	struct span body;
};

/* Ask for all that there are, of all families: type is RTM_GETROUTE or another. take gets each
 * message without its header. Returns 0, or -1 with errno when the kernel cannot be asked or does
 * not tell all; what it told until then was taken. When something changes meanwhile it is asked
 * anew, so that messages may be taken twice. */
int netlink_dump(unsigned type, void (*take)(void *context, unsigned type, struct span message),
		 void *context);

/* Take the messages of one datagram. Returns 1 when more follow, 0 when that is all, -1 with the
 * errno that it says, or EBADMSG. Sets *has_changed, or leaves it, when the kernel says that
 * something may be missing, for it changed between two datagrams. */
int netlink_read(struct span datagram, bool *has_changed,
		 void (*take)(void *context, unsigned type, struct span message), void *context);

/* Move a fixed part from the front of *rest. False when there is less. */
bool netlink_cut(struct span *rest, void *fixed, size_t length);

/* Cut the next attribute, or next hop of RTA_MULTIPATH, off the front of *rest. False when there
 * is none, or none that is whole. */
bool netlink_next_attribute(struct span *rest, struct netlink_attribute *attribute);
bool netlink_next_hop(struct span *rest, struct span *attributes);

#endif
