#include "host/apart.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/monitor.h"
#include "unix/deadline.h"
#include "unix/reason.h"
#include "unix/report.h"
#include "unix/sandbox.h"
#include "unix/spawn.h"
#include "unix/tls_request.h"

static enum apart_side failed(const char *what, struct text *why)
{
	reason_add(why, what, NULL);
	return APART_FAILED;
}

/* In the child. What is left of the settings is read only, and says nothing that a client could not
 * find out. */
static enum apart_side become_session(struct apart *apart, struct direct *direct, pid_t monitor,
				      struct text *why)
{
	int kept[2 + TLS_REQUEST_DESCRIPTORS] = {apart->socket, direct->client->stop};

	tls_request_descriptors(kept + 2);
	cdb_file_close(&direct->settings->morercpthosts);
	cdb_file_close(&direct->settings->recipients);
	/* Whoever kills the monitor kills the session too. */
	if (!sandbox_enter(monitor, kept, sizeof(kept) / sizeof(*kept), why))
		return APART_FAILED;
	report_nothing();
	return APART_SESSION;
}

/* In the parent: the network is the session's alone, so that it ends with it. */
static int let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int descriptors[TLS_REQUEST_DESCRIPTORS];

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		return -1;
	close(null);
	tls_request_descriptors(descriptors);
	for (size_t index = 0; index < TLS_REQUEST_DESCRIPTORS; index++)
		if (descriptors[index] != -1)
			close(descriptors[index]);
	return 0;
}

enum apart_side apart_split(struct apart *apart, struct direct *direct, struct text *why)
{
	pid_t monitor = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == -1)
		return failed("make a socket", why);
	apart->session = fork();
	if (apart->session == 0) {
		close(ends[0]);
		apart->socket = ends[1];
		return become_session(apart, direct, monitor, why);
	}
	close(ends[1]);
	apart->socket = ends[0];
	if (apart->session == -1) {
		failed("fork", why);
		close(ends[0]);
		return APART_FAILED;
	}
	if (let_go() == -1)
		warn_errno("unable to let go of the connection");
	return APART_MONITOR;
}

/* What apart_watch returns, and a line for what is no good end. */
static int judge(int status, bool has_ended)
{
	if (WIFSIGNALED(status)) {
		warn("the session was ended by signal %d%s", WTERMSIG(status),
		     WTERMSIG(status) == SIGSYS ? ": it tried what it must not" : "");
		return -WTERMSIG(status);
	}
	if (WEXITSTATUS(status) == 0 && !has_ended) {
		warn("the session ended without saying so");
		return EXIT_TEMPORARY;
	}
	return WEXITSTATUS(status);
}

int apart_watch(const struct apart *apart, struct direct *direct)
{
	struct monitor monitor;
	bool is_good, has_ended;
	int status = 0;

	monitor_init(&monitor, direct);
	is_good = monitor_serve(&monitor, apart->socket, direct->client->stop, apart->session);
	has_ended = monitor_has_ended(&monitor);
	monitor_free(&monitor);
	close(apart->socket);
	if (is_good) {
		/* An obedient one has ended, or was given up for want of memory and can say 421. */
		kill(apart->session, SIGTERM);
		if (spawn_wait(apart->session, deadline_in(MONITOR_GRACE), &status))
			return judge(status, has_ended);
		warn("the session has let go of its monitor and goes on: it is ended");
	}
	spawn_kill(apart->session, &status);
	return -SIGKILL;
}
