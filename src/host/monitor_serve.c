#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/ask.h"
#include "host/monitor.h"
#include "unix/deadline.h"
#include "unix/file.h"
#include "unix/report.h"

static bool is_overdue(const struct monitor *monitor)
{
	return monitor->is_ending && deadline_left(monitor->moment) == 0;
}

/* Wait for the session. False when there will be nothing more. */
static bool wait_for(struct monitor *monitor, int socket, int stop, pid_t session)
{
	struct pollfd polled[] = {{.fd = socket, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
	struct signalfd_siginfo signal;

	while (!is_overdue(monitor)) {
		int count =
			poll(polled, 2, monitor->is_ending ? deadline_left(monitor->moment) : -1);

		if (count == -1 && errno != EINTR)
			return false;
		if (count <= 0)
			continue;
		if (polled[1].revents && read(stop, &signal, sizeof(signal)) == sizeof(signal)) {
			kill(session, SIGTERM);
			if (!monitor->is_ending)
				monitor->moment = deadline_in(MONITOR_GRACE);
			monitor->is_ending = true;
		}
		if (polled[0].revents)
			return true;
	}
	return false;
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
		if (!wait_for(monitor, socket, stop, session) || !text_reserve(in, room))
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
	else if (is_overdue(monitor))
		warn("the session goes on after SIGTERM: it is ended");
	monitor_forget(monitor);
	return step != MONITOR_BROKEN && !is_overdue(monitor);
}
