#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/ask.h"
#include "host/monitor.h"
#include "unix/file.h"
#include "unix/report.h"

/* Wait for the session. False when there will be nothing more. */
static bool wait_for(int socket, int stop, pid_t session)
{
	struct pollfd polled[] = {{.fd = socket, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
	struct signalfd_siginfo signal;

	for (;;) {
		if (poll(polled, 2, -1) == -1) {
			if (errno != EINTR)
				return false;
			continue;
		}
		if (polled[1].revents && read(stop, &signal, sizeof(signal)) == sizeof(signal))
			kill(session, SIGTERM);
		if (polled[0].revents)
			return true;
	}
}

/* Read at least lacking bytes more; false when the session has closed its end, or memory is short.
 */
static bool receive(struct monitor *monitor, int socket, int stop, pid_t session, size_t lacking)
{
	struct text *in = &monitor->in;

	while (lacking) {
		size_t room = lacking > ASK_BLOCK ? lacking : ASK_BLOCK;
		ssize_t count;

		if (room > in->maximum - in->length)
			room = in->maximum - in->length;
		if (!wait_for(socket, stop, session) || !text_reserve(in, room))
			return false;
		count = file_read(socket, in->bytes + in->length, room);
		if (count <= 0)
			return false;
		in->length += (size_t)count;
		lacking = (size_t)count < lacking ? lacking - (size_t)count : 0;
	}
	return true;
}

/* An honest session waits for its answer, so there is always room for one. */
static bool send_answer(struct monitor *monitor, int socket)
{
	struct span answer = text_span(&monitor->out);

	return answer.length == 0 ||
	       send(socket, answer.bytes, answer.length, MSG_NOSIGNAL | MSG_DONTWAIT) != -1 ||
	       errno == EPIPE || errno == ECONNRESET;
}

/* Obey all frames that are there. */
static enum monitor_step take_all(struct monitor *monitor, int socket, size_t *lacking)
{
	struct span bytes = text_span(&monitor->in);
	enum monitor_step step;
	size_t taken;

	while ((step = monitor_take(monitor, &bytes, lacking)) == MONITOR_TAKEN)
		if (!send_answer(monitor, socket))
			return MONITOR_BROKEN;
	direct_prepare(monitor->direct); /* the session has its answers and is at work */
	taken = monitor->in.length - bytes.length;
	/* Among them there may have been a password. */
	if (monitor->direct->settings->smtp.offers_auth)
		explicit_bzero(monitor->in.bytes, taken);
	if (bytes.length)
		memmove(monitor->in.bytes, bytes.bytes, bytes.length);
	text_cut(&monitor->in, bytes.length);
	return step;
}

bool monitor_serve(struct monitor *monitor, int socket, int stop, pid_t session)
{
	enum monitor_step step = MONITOR_MORE;
	size_t lacking = 1;

	while (step == MONITOR_MORE && receive(monitor, socket, stop, session, lacking))
		step = take_all(monitor, socket, &lacking);
	if (step == MONITOR_BROKEN)
		warn("the session asked for what it must not: it is ended");
	monitor_forget(monitor);
	return step != MONITOR_BROKEN;
}
