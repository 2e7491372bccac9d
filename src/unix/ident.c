#include "unix/ident.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDENT_PORT     113  /* RFC 1413 section 1 */
#define LONGEST_ANSWER 1000 /* bytes, RFC 1413 section 6 */
#define LONGEST_INFO   256  /* bytes */

int ident_start(struct ident *ident, const struct connection *connection)
{
	struct sockaddr_storage local, remote;
	socklen_t local_length = connection_local_socket(connection, 0, &local);
	socklen_t remote_length = connection_remote_socket(connection, IDENT_PORT, &remote);
	int on = 1;

	*ident = (struct ident){.descriptor = -1};
	text_init(&ident->answer, LONGEST_ANSWER);
	snprintf(ident->question, sizeof(ident->question), "%u , %u\r\n",
		 (unsigned)connection->remote_port, (unsigned)connection->local_port);
	ident->descriptor = socket(remote.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ident->descriptor == -1)
		return -1;
	/* Many processes may ask at once; a port is only needed for each pair of addresses. */
	setsockopt(ident->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(ident->descriptor, (struct sockaddr *)&local, local_length) == -1 ||
	    (connect(ident->descriptor, (struct sockaddr *)&remote, remote_length) == -1 &&
	     errno != EINPROGRESS)) {
		int kept = errno;

		ident_stop(ident);
		errno = kept;
		return -1;
	}
	return 0;
}

void ident_stop(struct ident *ident)
{
	if (ident->descriptor != -1)
		close(ident->descriptor);
	ident->descriptor = -1;
	text_free(&ident->answer);
}

static struct span rest_of_question(const struct ident *ident)
{
	return span_tail(span_of(ident->question), ident->sent);
}

struct pollfd ident_poll(const struct ident *ident)
{
	return (struct pollfd){.fd = ident->descriptor,
			       .events = rest_of_question(ident).length ? POLLOUT : POLLIN};
}

static bool is_later(void)
{
	return errno == EAGAIN || errno == EINTR || errno == EINPROGRESS || errno == ENOTCONN;
}

enum verdict ident_continue(struct ident *ident, struct text *info)
{
	struct span question = rest_of_question(ident);
	char bytes[LONGEST_ANSWER];
	ssize_t count;

	if (question.length) {
		/* A connection that failed says so here, too. */
		count = send(ident->descriptor, question.bytes, question.length, MSG_NOSIGNAL);
		if (count == -1)
			return is_later() ? VERDICT_LATER : VERDICT_NO;
		ident->sent += (size_t)count;
		return VERDICT_LATER;
	}
	count = recv(ident->descriptor, bytes, LONGEST_ANSWER - ident->answer.length, 0);
	if (count == -1)
		return is_later() ? VERDICT_LATER : VERDICT_NO;
	if (count == 0)
		return VERDICT_NO;
	text_add(&ident->answer, (struct span){bytes, (size_t)count});
	if (ident->answer.failed)
		return VERDICT_NO;
	if (span_find(text_span(&ident->answer), '\n') == ident->answer.length &&
	    ident->answer.length < LONGEST_ANSWER)
		return VERDICT_LATER;
	ident_read(text_span(&ident->answer), info);
	return VERDICT_YES;
}

void ident_read(struct span answer, struct text *info)
{
	unsigned colons = 0;
	size_t taken = 0;

	answer = span_head(answer, span_find(answer, '\n'));
	for (size_t index = 0; index < answer.length && taken < LONGEST_INFO; index++) {
		char byte = answer.bytes[index];

		if (byte == ' ' || byte == '\t' || byte == '\r')
			continue;
		if (colons == 3) {
			text_add_printable(info, (struct span){&byte, 1}, (struct span){NULL, 0});
			taken++;
		} else if (byte == ':') {
			colons++;
		}
	}
}
