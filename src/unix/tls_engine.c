#include "unix/tls_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tls.h>
#include <unistd.h>

#include "unix/confine.h"
#include "unix/deadline.h"
#include "unix/detach.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/report.h"
#include "unix/tls_network.h"
#include "unix/tls_pump.h"
#include "unix/tls_variables.h"

#define LONGEST_LIST  65536  /* bytes of variables */
#define LONGEST_CAUSE 4096   /* bytes of the reason why there is no engine */
#define LEAST_NUMBER  10     /* of a program's descriptor: some programs count on 3 being free */
#define ROOM	      212992 /* bytes that the system holds on their way to the program */
#define READY	      '\0'   /* the engine's first word; any other is the start of a reason */

/* Descriptors of one of the two processes: for the request, to read from, and to write to. */
enum { CONTROL, READ, WRITE, COUNT };

/* --- the engine's process --- */

/* Its life is bounded by the program's and the client's. A signal meant for the chain, from a
 * terminal or a service manager, must not cut off the program's last words. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};

	for (size_t index = 0; index < sizeof(ignored) / sizeof(*ignored); index++)
		signal(ignored[index], SIG_IGN);
}

static bool set_nonblocking(int descriptor)
{
	int flags = fcntl(descriptor, F_GETFL);

	return flags != -1 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != -1;
}

/* Whether the program that has closed its ends had something to say before. One that asks by y need
 * not wait for the handshake with its words. */
static bool has_last_words(int from_program)
{
	char first;

	return recv(from_program, &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Wait for the network until a moment, or until the program has ended. Returns 0, or -1 with errno:
 * ETIMEDOUT, or EPIPE, the program has ended. */
static int wait_for(int network, short events, const int ends[COUNT], int64_t moment)
{
	struct pollfd polled[] = {
		{.fd = network, .events = events}, {.fd = ends[READ]}, {.fd = ends[WRITE]}};

	for (;;) {
		int count = poll(polled, 3, deadline_left(moment));

		if (count == -1 && errno != EINTR)
			return -1;
		if (count > 0 && polled[0].revents)
			return 0;
		for (int end = 1; count > 0 && end < 3; end++)
			if (polled[end].revents) /* closed: once is enough to know */
				polled[end].fd = -1;
		errno = EPIPE;
		if (polled[1].fd == -1 && polled[2].fd == -1 && !has_last_words(ends[READ]))
			return -1;
		errno = ETIMEDOUT;
		if (deadline_left(moment) == 0)
			return -1;
	}
}

static const char *reason_of(int number)
{
	return number == EPIPE ? "the program has ended" : strerror(number);
}

/* The handshake, as long as it may take and somebody wants it. */
static bool shake_hands(struct tls *connection, const struct tls_network *network,
			const int ends[COUNT], uint32_t seconds, struct text *why)
{
	int64_t moment = deadline_in((int64_t)seconds * 1000);

	for (;;) {
		int result = tls_handshake(connection);
		bool wants_input = result == TLS_WANT_POLLIN;

		if (result == 0)
			return true;
		if (!wants_input && result != TLS_WANT_POLLOUT) {
			text_add_string(why, tls_error(connection));
			return false;
		}
		if (network->has_ended) {
			text_add_string(why, "the client has hung up");
			return false;
		}
		if (wait_for(wants_input ? network->in : network->out,
			     wants_input ? POLLIN : POLLOUT, ends, moment) == 0)
			continue;
		if (errno == ETIMEDOUT) {
			text_add_string(why, "still not done after so many seconds: ");
			text_add_number(why, seconds);
		} else {
			text_add_string(why, reason_of(errno));
		}
		return false;
	}
}

/* Tell the program that asked that TLS is up, and carry bytes until one side has had enough. */
static void serve(const struct tls_engine *engine, struct tls *connection,
		  struct tls_network *network, const int ends[COUNT], char request)
{
	struct text list, why;

	text_init(&list, LONGEST_LIST);
	text_init(&why, LONGEST_CAUSE);
	tls_variables_describe(connection, &list);
	/* Shorter than what the socket holds. If the program has gone, the pump will notice. */
	if (request == 'Y')
		file_write(ends[CONTROL], text_span(&list));
	close(ends[CONTROL]);
	tls_pump_run(connection, network, ends[READ], ends[WRITE], &why);
	if (why.length)
		info("TLS with %s: %s", engine->client, text_string(&why));
	text_free(&list);
	text_free(&why);
}

/* Put the connection under TLS and serve it. */
static void accept_client(const struct tls_engine *engine, struct tls *server,
			  const int ends[COUNT], char request)
{
	struct tls_network *network = calloc(1, sizeof(*network));
	struct tls *connection = NULL;
	struct text why;

	text_init(&why, LONGEST_CAUSE);
	if (!network || !set_nonblocking(0) || !set_nonblocking(1) ||
	    !set_nonblocking(ends[READ]) || !set_nonblocking(ends[WRITE]))
		warn_errno("unable to start TLS with %s", engine->client);
	else if (!(connection = tls_network_accept(server, network, 0, 1)))
		warn("unable to start TLS with %s: %s", engine->client, tls_error(server));
	else if (!shake_hands(connection, network, ends, engine->handshake_seconds, &why))
		warn("TLS handshake with %s: %s", engine->client, text_string(&why));
	else
		serve(engine, connection, network, ends, request);
	/* The program may have kept the connection open. */
	shutdown(0, SHUT_RDWR);
	shutdown(1, SHUT_RDWR);
	tls_free(connection);
	free(network);
	text_free(&why);
}

static void run(const struct tls_engine *engine, const int ends[COUNT])
{
	struct tls *server;
	struct text why;
	char request;

	ignore_signals();
	report_without_paths();
	text_init(&why, LONGEST_CAUSE);
	server = tls_credentials_load(&engine->credentials, &why);
	if (server && !confine(engine->directory, engine->user, engine->group, &why)) {
		tls_free(server);
		server = NULL;
	}
	if (server)
		text_add_byte(&why, READY);
	if (file_write(ends[CONTROL], text_span(&why)) == 0 && server &&
	    file_read(ends[CONTROL], &request, 1) == 1) {
		if (request == 'y' || request == 'Y')
			accept_client(engine, server, ends, request);
		else
			warn("the program asks for TLS by byte %d, which has no meaning",
			     (unsigned char)request);
	}
	tls_free(server);
	text_free(&why);
}

/* --- the program's process, before it is the program --- */

static void close_all(const int descriptors[COUNT])
{
	for (int index = 0; index < COUNT; index++)
		if (descriptors[index] != -1)
			close(descriptors[index]);
}

static bool join(int *one, int *other)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	*one = pair[0];
	*other = pair[1];
	return true;
}

/* Both processes' ends. A pair of sockets for each direction, each used in one of them: closing one
 * direction is seen at its other end, as with pipes, and they carry more at once than pipes. What
 * was opened before a failure is in the arrays, too. */
static bool connect_ends(int engine[COUNT], int program[COUNT])
{
	const int room = ROOM;

	if (!join(&engine[CONTROL], &program[CONTROL]) || !join(&engine[WRITE], &program[READ]) ||
	    !join(&engine[READ], &program[WRITE]))
		return false;
	/* The engine and a program that reads a long message need not take turns so often. */
	setsockopt(engine[WRITE], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return true;
}

/* Wait for the engine's first word. */
static bool is_ready(int control, struct text *why)
{
	char first;
	struct text reason;

	if (file_read(control, &first, 1) != 1) {
		text_add_string(why, "the TLS process ended before it was ready");
		return false;
	}
	if (first == READY)
		return true;
	text_init(&reason, LONGEST_CAUSE);
	text_add_byte(&reason, first);
	file_read_all(control, &reason);
	text_add(why, text_span(&reason));
	text_free(&reason);
	return false;
}

/* Give the program its descriptors: the only ones that it inherits. */
static bool offer(int descriptors[COUNT], struct text *why)
{
	static const char *const names[COUNT] = {"SSLCTLFD", "SSLREADFD", "SSLWRITEFD"};

	for (int index = 0; index < COUNT; index++) {
		int number = fcntl(descriptors[index], F_DUPFD, LEAST_NUMBER);

		if (number == -1) {
			text_add_string(why, strerror(errno));
			while (index-- > 0)
				environment_unset(names[index]);
			return false;
		}
		close(descriptors[index]);
		descriptors[index] = number;
		environment_set_number(names[index], (unsigned long)number);
	}
	return true;
}

bool tls_engine_start(const struct tls_engine *engine, struct text *why)
{
	int of_engine[COUNT] = {-1, -1, -1}, of_program[COUNT] = {-1, -1, -1}, outcome = -1;

	if (connect_ends(of_engine, of_program))
		outcome = detach();
	if (outcome == 1) {
		file_keep_only(of_engine, COUNT);
		run(engine, of_engine);
		_exit(0);
	}
	if (outcome == -1) {
		text_add_string(why, "unable to start the TLS process: ");
		text_add_string(why, strerror(errno));
	}
	close_all(of_engine);
	if (outcome == 0 && is_ready(of_program[CONTROL], why) && offer(of_program, why))
		return true;
	close_all(of_program);
	return false;
}
