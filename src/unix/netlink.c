#include "unix/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix/deadline.h"

#define LONGEST_DATAGRAM 32768 /* bytes; the kernel makes none that is longer */
#define PATIENCE	 30000 /* milliseconds for all of an answer */
#define MOST_TRIES	 10    /* each needs a change of what is asked for, while it is told */

bool netlink_cut(struct span *rest, void *fixed, size_t length)
{
	if (rest->length < length)
		return false;
	memcpy(fixed, rest->bytes, length);
	*rest = span_tail(*rest, length);
	return true;
}

/* Cut off what has this length, its header included. The next one begins at a multiple of four. */
static bool cut_body(struct span *rest, size_t length, size_t header, struct span *body)
{
	if (length < header || length > rest->length)
		return false;
	*body = span_tail(span_head(*rest, length), header);
	*rest = span_tail(*rest, (length + 3) / 4 * 4);
	return true;
}

bool netlink_next_attribute(struct span *rest, struct netlink_attribute *attribute)
{
	struct span front = *rest;
	struct nlattr header;

	if (!netlink_cut(&front, &header, sizeof(header)))
		return false;
	attribute->type = header.nla_type & (uint16_t)NLA_TYPE_MASK;
	return cut_body(rest, header.nla_len, sizeof(header), &attribute->body);
}

bool netlink_next_hop(struct span *rest, struct span *attributes)
{
	struct span front = *rest;
	struct rtnexthop header;

	return netlink_cut(&front, &header, sizeof(header)) &&
	       cut_body(rest, header.rtnh_len, sizeof(header), attributes);
}

int netlink_read(struct span datagram, bool *has_changed,
		 void (*take)(void *context, unsigned type, struct span message), void *context)
{
	while (datagram.length > 0) {
		struct span front = datagram, body;
		struct nlmsghdr header;
		int error = 0;

		if (!netlink_cut(&front, &header, sizeof(header)) ||
		    !cut_body(&datagram, header.nlmsg_len, sizeof(header), &body)) {
			errno = EBADMSG;
			return -1;
		}
		*has_changed |= (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
			take(context, header.nlmsg_type, body);
		} else if (header.nlmsg_type != NLMSG_NOOP) { /* done, or an error */
			netlink_cut(&body, &error, sizeof(error));
			if (error == 0 && header.nlmsg_type == NLMSG_DONE)
				return 0;
			errno = error < 0 && error > -4096 ? -error : EBADMSG;
			return -1;
		}
	}
	return 1;
}

static int ask(int descriptor, unsigned type)
{
	const struct {
		struct nlmsghdr header;
		struct rtgenmsg body;
	} question = {
		{
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
			.nlmsg_type = (uint16_t)type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		{.rtgen_family = AF_UNSPEC},
	};

	return send(descriptor, &question, question.header.nlmsg_len, 0) == -1 ? -1 : 0;
}

static ssize_t receive(int descriptor, char *buffer, int64_t end)
{
	ssize_t length;

	if (deadline_wait(descriptor, POLLIN, end) == -1)
		return -1;
	length = recv(descriptor, buffer, LONGEST_DATAGRAM, MSG_TRUNC);
	if (length <= LONGEST_DATAGRAM)
		return length;
	errno = EMSGSIZE;
	return -1;
}

/* Each question has a socket of its own, so that no other answer can come there. */
static int dump(unsigned type, bool *has_changed,
		void (*take)(void *context, unsigned type, struct span message), void *context)
{
	int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int64_t end = deadline_in(PATIENCE);
	char buffer[LONGEST_DATAGRAM];
	int result, reason;

	if (descriptor == -1)
		return -1;
	result = ask(descriptor, type) == -1 ? -1 : 1;
	while (result == 1) {
		ssize_t length = receive(descriptor, buffer, end);

		result = length == -1 ? -1
				      : netlink_read((struct span){buffer, (size_t)length},
						     has_changed, take, context);
	}
	reason = errno;
	close(descriptor);
	errno = reason;
	return result;
}

int netlink_dump(unsigned type, void (*take)(void *context, unsigned type, struct span message),
		 void *context)
{
	bool has_changed = true;
	int result = 0;

	for (int tries = 0; tries < MOST_TRIES && result == 0 && has_changed; tries++) {
		has_changed = false;
		result = dump(type, &has_changed, take, context);
	}
	if (result == 0 && has_changed) {
		errno = EINTR;
		result = -1;
	}
	return result;
}
