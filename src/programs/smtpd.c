/*
 * smtpd: take mail from one client by SMTP, on standard input and output.
 *
 *     smtpd [-q] [-v] [checkpassword-program argument ...]
 *
 * Reads the control directory and RELAYCLIENT before the first byte of the network; decides on each
 * recipient; hands messages to QMAILQUEUE, or stores them in the Maildir without one. AUTH asks the
 * program; STARTTLS asks whoever set SSLCTLFD. Exit 0: the session is over, whoever ended it. Exit
 * 100: wrong usage. Exit 111: it could not begin (421).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/client.h"
#include "host/direct.h"
#include "host/patience.h"
#include "host/settings.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/spawn.h"
#include "unix/waiting.h"

#define USAGE "[-q] [-v] [checkpassword-program argument ...]"
#define BLOCK 65536 /* bytes read at once */
#define GRACE 60    /* seconds of a message before mindatarate counts */

/* Tell the client and the log that there will be no session. */
static _Noreturn void refuse(struct client *client, struct span reply, const char *reason)
{
	client_say(client, reply);
	client_flush(client);
	die(EXIT_TEMPORARY, "%s", reason);
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

/* Serve the client until one side has had enough. */
static void serve(struct smtp_session *session, struct direct *direct,
		  const struct settings *settings, char *block)
{
	struct client *client = direct->client;
	enum smtp_step step = SMTP_MORE;
	struct patience patience;
	enum client_event event;
	uint64_t waited;
	size_t count;

	patience_init(&patience, (struct patience_limits){settings->timeout_seconds, GRACE,
							  settings->least_rate});
	while (step == SMTP_MORE) {
		client_flush(client);
		if (client->is_gone) {
			smtp_session_end(session, SMTP_GONE);
			return;
		}
		event = client_read(client, block, BLOCK, patience_left(&patience), &count,
				    &waited);
		switch (event) {
		case CLIENT_BYTES: break;
		case CLIENT_END: smtp_session_end(session, SMTP_GONE); return;
		case CLIENT_SLOW: smtp_session_end(session, SMTP_TIMEOUT); return;
		case CLIENT_STOP: smtp_session_end(session, SMTP_SHUTDOWN); return;
		}
		patience_wait(&patience, waited, count);
		step = smtp_session_feed(session, (struct span){block, count});
		if (settings->smtp.offers_auth && !smtp_session_in_data(session))
			explicit_bzero(block, count); /* there may have been a password */
		if (step == SMTP_START_TLS && direct_start_tls(direct)) {
			smtp_session_secured(session);
			step = SMTP_MORE;
		}
		patience_turn(&patience, smtp_session_in_data(session),
			      smtp_session_commands(session));
	}
}

int main(int argc, char **argv)
{
	struct smtp_totals totals = {0, 0, 0};
	struct settings settings;
	struct client client;
	struct direct direct;
	struct smtp_host host;
	struct smtp_session *session = NULL;
	struct text why;
	char *block;

	report_begin("smtpd");
	read_options(argc, argv);
	spawn_prepare();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* neither a log nor a Maildir that may not grow ends it */
	if (!waiting_take())
		return 0;
	client_init(&client, 0, 1);
	text_init(&why, 2 * REPORT_LINE);
	if (!settings_read(&settings, optind < argc, &why))
		refuse(&client, SPAN("421 unable to read controls (#4.3.0)\r\n"),
		       text_string(&why));
	client.say_seconds = settings.timeout_seconds;
	block = malloc(BLOCK);
	if (!block)
		refuse(&client, SPAN("421 out of memory (#4.3.0)\r\n"), "out of memory");

	direct_init(&direct, &settings, &client, optind < argc ? argv + optind : NULL);
	direct_begin(&direct);
	if (settings.greet_delay == 0 || direct_greet_later(&direct)) {
		host = direct_host(&direct);
		session = smtp_session_new(&settings.smtp, &host);
		if (!session)
			refuse(&client, SPAN("421 out of memory (#4.3.0)\r\n"), "out of memory");
		serve(session, &direct, &settings, block);
		totals = smtp_session_totals(session);
	}
	client_flush(&client);
	direct_end(&direct, &totals);
	client_hang_up(&client);

	smtp_session_free(session);
	direct_free(&direct);
	settings_free(&settings);
	free(block);
	return 0;
}
