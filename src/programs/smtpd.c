/*
 * smtpd: take mail from one client by SMTP, on standard input and output.
 *
 *     smtpd [-q] [-v] [checkpassword-program [argument ...]]
 *
 * Reads the control directory and RELAYCLIENT before the first byte of the network; decides on each
 * recipient; hands messages to QMAILQUEUE, or stores them in the Maildir without one. AUTH asks the
 * program; STARTTLS asks whoever set SSLCTLFD. With SANDBOX=1 a confined process of its own talks
 * with the client. Exit 0: the session is over, whoever ended it. Exit 100: wrong usage. Exit 111:
 * it could not begin (421), or the confined process came to a bad end.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/apart.h"
#include "host/ask.h"
#include "host/client.h"
#include "host/dialogue.h"
#include "host/direct.h"
#include "host/settings.h"
#include "unix/environment.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/secret.h"
#include "unix/spawn.h"
#include "unix/tls_request.h"

#define USAGE "[-q] [-v] [checkpassword-program [argument ...]]"

/* Tell the log and the client that there will be no session. */
static _Noreturn void refuse(const struct dialogue *dialogue, struct span reply, const char *reason)
{
	const struct smtp_event event = {.kind = SMTP_REFUSE, .code = 421, .reason = reply};

	fatal("%s", reason);
	dialogue->host.event(dialogue->host.world, &event);
	if (dialogue->flush)
		dialogue->flush(dialogue->host.world);
	client_say(dialogue->client, SPAN("421 "));
	client_say(dialogue->client, reply);
	client_say(dialogue->client, SPAN("\r\n"));
	client_hang_up(dialogue->client);
	exit(EXIT_TEMPORARY);
}

static void read_options(int argc, char **argv)
{
	int letter;

	report_more();
	while ((letter = options_next(argc, argv, "qv", USAGE)) != -1)
		if (letter == 'q')
			report_less();
		else
			report_more();
}

/* A program may be started, or a confined process. Most sessions need none, and are spared what has
 * to be done before. */
static bool has_children(int argc)
{
	const char *queue_program = environment_get("QMAILQUEUE");

	return optind < argc || (queue_program && *queue_program) || environment_get("SANDBOX");
}

/* The client reads its greeting, or an answer. */
static void prepare(void *world)
{
	direct_begin(world);
	direct_prepare(world);
}

static void serve_alone(struct dialogue *dialogue, struct direct *direct)
{
	struct smtp_totals totals;

	dialogue->start_tls = direct_start_tls;
	dialogue->prepare = prepare;
	dialogue_hold(dialogue, &totals);
	direct_end(direct, &totals);
	client_hang_up(dialogue->client);
}

/* What the confined process does. Everything else it has inherited is let go by its end, at once.
 */
static _Noreturn void serve_apart(struct dialogue *dialogue, int socket)
{
	struct smtp_totals totals;
	struct ask ask;

	ask_init(&ask, socket, dialogue->client);
	dialogue->host = ask_host(&ask);
	dialogue->start_tls = ask_start_tls;
	dialogue->flush = ask_flush;
	dialogue_hold(dialogue, &totals);
	ask_end(&ask, &totals);
	client_hang_up(dialogue->client);
	_exit(0);
}

/* End as a process that has crashed, without a core dump: it is not this one that would be worth
 * one. */
static _Noreturn void end_by(int number)
{
	const struct rlimit none = {0, 0};
	sigset_t all;

	setrlimit(RLIMIT_CORE, &none);
	signal(number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
	raise(number);
	exit(EXIT_TEMPORARY);
}

/* Returns the exit code, or the negative number of a signal. */
static int serve_confined(struct dialogue *dialogue, struct direct *direct)
{
	struct apart apart;
	struct text why;
	int code = 0;

	text_init(&why, 2 * REPORT_LINE);
	switch (apart_split(&apart, direct, &why)) {
	case APART_SESSION: serve_apart(dialogue, apart.socket);
	case APART_MONITOR: code = apart_watch(&apart, direct); break;
	case APART_FAILED:
		refuse(dialogue, SPAN("unable to confine the session (#4.3.0)"), text_string(&why));
	}
	text_free(&why);
	return code;
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct client client;
	struct direct direct;
	struct dialogue_room room;
	struct dialogue dialogue = {.client = &client, .settings = &settings, .room = &room};
	bool is_good;
	struct text why;
	int code = 0;

	report_begin("smtpd");
	tls_request_begin();
	read_options(argc, argv);
	/* Passwords will be in its memory, and another session of its account may be taken over. */
	if (optind < argc && secret_protect_process() == -1)
		die_errno(EXIT_TEMPORARY, "unable to hide this process's memory");
	if (has_children(argc))
		spawn_prepare();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* neither a log nor a Maildir that may not grow ends it */
	client_init(&client, 0, 1);
	text_init(&why, 2 * REPORT_LINE);
	is_good = settings_read(&settings, optind < argc, &why);
	direct_init(&direct, &settings, &client, optind < argc ? argv + optind : NULL);
	dialogue.host = direct_host(&direct);
	if (!is_good)
		refuse(&dialogue, SPAN("unable to read controls (#4.3.0)"), text_string(&why));
	client.say_seconds = settings.timeout_seconds;

	/* Otherwise there is time for it as soon as the client has its greeting. */
	if (settings.greet_delay || settings.is_confined)
		direct_begin(&direct);
	if (settings.is_confined)
		code = serve_confined(&dialogue, &direct);
	else
		serve_alone(&dialogue, &direct);

	direct_free(&direct);
	settings_free(&settings);
	text_free(&why);
	if (code < 0)
		end_by(-code);
	return code;
}
