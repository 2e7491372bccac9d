#include "unix/launcher.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unix/backoff.h"
#include "unix/cdb_file.h"
#include "unix/children.h"
#include "unix/places.h"
#include "unix/report.h"

#define MOST_AT_A_TIME 32 /* connections taken before signals are looked at */

/* What a child would have ended with, as waitpid(2) gives it. */
#define STATUS_DENIED  (EXIT_PERMANENT << 8)
#define STATUS_DROPPED (EXIT_TEMPORARY << 8)

struct state {
	const struct launcher *launcher;
	struct places places;
	struct children *children;
	struct backoff backoff;
	int signals; /* a descriptor: see signalfd(2) */
};

/* --- the traditional lines --- */

/* With so many processes more than there are. */
static void say_status(const struct state *state, size_t more)
{
	if (state->launcher->is_verbose)
		report_plain("status: %zu/%u", children_count(state->children) + more,
			     state->launcher->limit);
}

static struct connection_names names_of(const struct launcher *launcher)
{
	return (struct connection_names){launcher->local_host, NULL, NULL};
}

/* A connection that gets no process has process id 0. */
static void say_connection(const struct state *state, const struct connection *connection,
			   pid_t process, const char *verdict)
{
	struct connection_names names = names_of(state->launcher);
	char ip[ADDRESS_TEXT];
	struct text line;

	if (!state->launcher->is_verbose)
		return;
	address_write(&connection->remote, ip);
	report_plain("pid %d from %s", (int)process, ip);
	if (!verdict)
		return;
	text_init(&line, REPORT_LINE);
	connection_write(connection, &names, &line);
	report_plain("%s %d %s", verdict, (int)process, text_string(&line));
	text_free(&line);
}

static void say_end(const struct state *state, pid_t process, int status)
{
	if (state->launcher->is_verbose)
		report_plain("end %d status %d", (int)process, status);
}

/* --- one connection --- */

/* Trouble of this machine, and not of one connection. */
static void back_off(struct state *state, const char *what)
{
	int number = errno;

	if (!backoff_fail(&state->backoff))
		return;
	errno = number;
	warn_errno("%s; trying on", what);
}

static void drop(struct state *state, int number)
{
	errno = number;
	if (number == EAGAIN || number == ENOMEM)
		back_off(state, "dropping connections, unable to start a process");
	else
		warn_errno("dropping connection, unable to run %s", state->launcher->file);
}

/* What was started here has begun, or could not. */
static void conclude(struct state *state, struct place *place)
{
	int number = start_failure(&place->start);

	place->start.process = 0;
	if (number) {
		drop(state, number);
		places_forget_path(&state->places);
	} else {
		backoff_succeed(&state->backoff);
	}
}

/* A child has ended, perhaps one whose program could not be run. */
static void bury(struct state *state, pid_t process, int status)
{
	struct place *place = places_of(&state->places, process);

	if (place)
		conclude(state, place);
	say_end(state, process, status);
	say_status(state, 0);
}

/* See to it that all has been said of what was started here, which has begun or could not. */
static void settle(struct state *state, struct place *place)
{
	pid_t process = place->start.process;
	int status;

	if (process && start_failure(&place->start)) {
		while (waitpid(process, &status, 0) == -1 && errno == EINTR)
			;
		children_remove(state->children, process);
		bury(state, process, status);
	} else if (process) {
		conclude(state, place);
	}
}

/* A process on its way to the program. */
struct beginning {
	const struct state *state;
	const struct connection *connection;
};

static void say_beginning(void *world, pid_t process)
{
	const struct beginning *beginning = world;

	say_connection(beginning->state, beginning->connection, process,
		       beginning->state->launcher->policy.judge ? "ok" : NULL);
}

static void run(struct state *state, struct place *place, int descriptor,
		const struct connection *connection)
{
	const struct launcher *launcher = state->launcher;
	struct beginning beginning = {state, connection};
	pid_t process =
		places_start(&state->places, place, launcher->file, launcher->program, descriptor,
			     launcher->is_verbose ? say_beginning : NULL, &beginning);
	int number = errno;

	if (process != -1) {
		children_add(state->children, process, &connection->remote);
		return;
	}
	process = place->start.process;
	place->start.process = 0;
	if (process == 0)
		say_beginning(&beginning, 0);
	drop(state, number);
	places_forget_path(&state->places);
	say_end(state, process, STATUS_DROPPED);
	say_status(state, 0);
}

static void set_variable(void *world, const char *name, const char *value)
{
	if (value) /* none of them is inherited, so none has to be unset */
		variables_set(world, name, value);
}

static void let_in(struct state *state, int descriptor, const struct connection *connection)
{
	const struct launcher *launcher = state->launcher;
	struct connection_names names = names_of(launcher);
	struct place *place = places_take(&state->places);

	settle(state, place);
	if (launcher->must_kill_ip_options && connection->remote.version == 4)
		setsockopt(descriptor, IPPROTO_IP, IP_OPTIONS, NULL, 0);
	variables_clear(&place->variables);
	connection_describe(connection, &names,
			    (struct connection_sink){&place->variables, set_variable});
	if (launcher->policy.judge)
		launcher->policy.grant(launcher->policy.world, &place->variables);
	run(state, place, descriptor, connection);
}

static bool write_banner(int descriptor, const char *banner)
{
	size_t length = strlen(banner);

	if (send(descriptor, banner, length, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)length)
		return true;
	warn("dropping connection, unable to print banner");
	return false;
}

static bool has_too_many(const struct state *state, const struct connection *connection)
{
	uint32_t limit = state->launcher->limit_of_client;

	return limit && children_of(state->children, &connection->remote) >= limit;
}

/* Short of descriptors or memory: that may last, and is not one client's. */
static bool is_shortage(int number)
{
	return number == EMFILE || number == ENFILE || number == ENOMEM || number == ENOBUFS;
}

static enum verdict ask(struct state *state, const struct address *client)
{
	const struct launcher_policy *policy = &state->launcher->policy;
	enum verdict verdict = policy->judge(policy->world, client);

	if (verdict == VERDICT_LATER && is_shortage(errno))
		back_off(state, "dropping connections, unable to read the rules");
	else if (verdict == VERDICT_LATER)
		warn("dropping connection, unable to read %s: %s", policy->source,
		     cdb_file_reason(errno));
	return verdict;
}

static enum verdict judge(struct state *state, int descriptor, const struct connection *connection)
{
	const struct launcher *launcher = state->launcher;
	char ip[ADDRESS_TEXT];

	if (launcher->banner && !write_banner(descriptor, launcher->banner))
		return VERDICT_LATER;
	if (has_too_many(state, connection)) {
		address_write(&connection->remote, ip);
		warn("dropping connection, %s has %u already", ip, launcher->limit_of_client);
		return VERDICT_LATER;
	}
	return launcher->policy.judge ? ask(state, &connection->remote) : VERDICT_YES;
}

/* Look which children have ended, of those that this process did not have before it was this. */
static void reap(struct state *state)
{
	pid_t process;
	int status;

	while ((process = waitpid(-1, &status, WNOHANG)) > 0)
		if (children_remove(state->children, process))
			bury(state, process, status);
}

static void serve(struct state *state, int descriptor, struct connection *connection)
{
	enum verdict verdict;

	if (has_too_many(state, connection))
		reap(state); /* some may have ended while others were served */
	say_status(state, 1);
	verdict = judge(state, descriptor, connection);
	/* What nobody will be told is not asked for. */
	if ((verdict == VERDICT_YES || state->launcher->is_verbose) &&
	    listener_complete(descriptor, connection) == -1)
		verdict = VERDICT_LATER;
	if (verdict == VERDICT_YES)
		let_in(state, descriptor, connection);
	close(descriptor);
	if (verdict == VERDICT_YES)
		return;
	say_connection(state, connection, 0, verdict == VERDICT_NO ? "deny" : NULL);
	say_end(state, 0, verdict == VERDICT_NO ? STATUS_DENIED : STATUS_DROPPED);
	say_status(state, 0);
}

/* --- all connections --- */

static bool may_accept(const struct state *state)
{
	return children_count(state->children) < state->launcher->limit &&
	       backoff_left(&state->backoff) == 0;
}

static void accept_some(struct state *state, const struct listener *listener)
{
	for (unsigned count = 0; count < MOST_AT_A_TIME && may_accept(state); count++) {
		struct connection connection;
		int descriptor = listener_accept(listener, &connection);

		if (descriptor == -1 && errno != EAGAIN)
			back_off(state, "unable to accept connections");
		if (descriptor == -1)
			return;
		serve(state, descriptor, &connection);
	}
}

/* False when it is time to end. */
static bool take_signals(struct state *state)
{
	struct signalfd_siginfo signals[4];
	ssize_t bytes = read(state->signals, signals, sizeof(signals));

	for (size_t index = 0; (ssize_t)((index + 1) * sizeof(*signals)) <= bytes; index++)
		if (signals[index].ssi_signo == SIGTERM)
			return false;
	reap(state);
	return true;
}

static void loop(struct state *state)
{
	const struct listeners *listeners = state->launcher->listeners;
	struct pollfd polls[1 + LISTENERS_MOST];

	polls[0] = (struct pollfd){.fd = state->signals, .events = POLLIN};
	for (size_t index = 0; index < listeners->count; index++)
		polls[index + 1] = (struct pollfd){.fd = listeners->listener[index].descriptor,
						   .events = POLLIN};
	for (;;) {
		int left = backoff_left(&state->backoff);
		size_t count = may_accept(state) ? 1 + listeners->count : 1;

		if (poll(polls, count, left ? left : -1) == -1) {
			back_off(state, "unable to wait for connections");
			poll(NULL, 0, backoff_left(&state->backoff));
			continue;
		}
		if (polls[0].revents && !take_signals(state))
			return;
		for (size_t index = 1; index < count; index++)
			if (polls[index].revents)
				accept_some(state, &listeners->listener[index - 1]);
	}
}

/* What is on its way is let go, and what could not be run is said. */
static void end(struct state *state)
{
	places_wait(&state->places);
	for (size_t index = 0; index < PLACES; index++)
		settle(state, &state->places.places[index]);
}

static void handled_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGCHLD);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGHUP);
	sigaddset(signals, SIGPIPE);
	sigaddset(signals, SIGXFSZ); /* a log that may not grow */
}

static void end_at_once(int number)
{
	(void)number;
	_exit(0);
}

void launcher_prepare_signals(void)
{
	sigset_t signals;

	signal(SIGTERM, end_at_once);
	handled_signals(&signals);
	sigdelset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

int launcher_run(const struct launcher *launcher, const struct variables *variables)
{
	struct state state = {.launcher = launcher};
	sigset_t signals;
	bool is_ready;

	handled_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGTERM, SIG_DFL);
	state.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (state.signals == -1)
		return -1;
	state.children = children_new(launcher->limit);
	is_ready = places_init(&state.places, variables) == 0 && state.children;
	if (is_ready) {
		say_status(&state, 0);
		loop(&state);
		end(&state);
	}
	places_free(&state.places);
	close(state.signals);
	children_free(state.children);
	return is_ready ? 0 : -1;
}
