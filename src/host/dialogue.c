#include "host/dialogue.h"

#include <stdio.h>

#include "host/patience.h"

#define GRACE 60 /* seconds of a message before mindatarate counts */

/* Let out what is gathered: the log first, so that a client has no answer to a command before it.
 */
static void flush(const struct dialogue *dialogue)
{
	if (dialogue->flush)
		dialogue->flush(dialogue->host.world);
	client_flush(dialogue->client);
}

/* Say this in place of a greeting. */
static void turn_away(const struct dialogue *dialogue, uint32_t code, struct span reason)
{
	struct smtp_event refusal = {.kind = SMTP_REFUSE, .code = code, .reason = reason};
	char number[8];

	snprintf(number, sizeof(number), "%u ", (unsigned)code);
	client_say(dialogue->client, span_of(number));
	client_say(dialogue->client, reason);
	client_say(dialogue->client, SPAN("\r\n"));
	dialogue->host.event(dialogue->host.world, &refusal);
}

/* Wait for greetdelay and see whether the client keeps silent. False when the session must not
 * begin: it has talked, or the host is being shut down, and it was told so; or it has gone. */
static bool greet_later(const struct dialogue *dialogue)
{
	uint64_t waited;
	size_t count;
	char byte;

	switch (client_read(dialogue->client, &byte, 1,
			    (uint64_t)dialogue->settings->greet_delay * 1000, &count, &waited)) {
	case CLIENT_SLOW: return true;
	case CLIENT_BYTES:
		turn_away(dialogue, 554, SPAN("smtp protocol violation (#5.5.1)"));
		break;
	case CLIENT_STOP:
		turn_away(dialogue, 421, SPAN("this host is shutting down (#4.3.2)"));
		break;
	case CLIENT_END: break;
	}
	return false;
}

static void serve(const struct dialogue *dialogue, struct smtp_session *session)
{
	const struct settings *settings = dialogue->settings;
	enum smtp_step step = SMTP_MORE;
	struct patience patience;
	char *block = dialogue->room->block;
	enum client_event event;
	uint64_t waited;
	size_t count;

	patience_init(&patience, (struct patience_limits){settings->timeout_seconds, GRACE,
							  settings->least_rate});
	while (step == SMTP_MORE) {
		flush(dialogue);
		if (dialogue->client->is_gone) {
			smtp_session_end(session, SMTP_GONE);
			return;
		}
		if (dialogue->prepare)
			dialogue->prepare(dialogue->host.world);
		event = client_read(dialogue->client, block, DIALOGUE_BLOCK,
				    patience_left(&patience), &count, &waited);
		switch (event) {
		case CLIENT_BYTES: break;
		case CLIENT_END: smtp_session_end(session, SMTP_GONE); return;
		case CLIENT_SLOW: smtp_session_end(session, SMTP_TIMEOUT); return;
		case CLIENT_STOP: smtp_session_end(session, SMTP_SHUTDOWN); return;
		}
		patience_wait(&patience, waited, count);
		step = smtp_session_feed(session, (struct span){block, count});
		if (settings->smtp.offers_auth)
			explicit_bzero(block, count); /* there may have been a password */
		if (step == SMTP_START_TLS && dialogue->start_tls(dialogue->host.world)) {
			smtp_session_secured(session);
			step = SMTP_MORE;
		}
		patience_turn(&patience, smtp_session_in_data(session),
			      smtp_session_message(session), smtp_session_totals(session).commands);
	}
	dialogue->client->has_said_all = step == SMTP_QUIT;
}

void dialogue_hold(const struct dialogue *dialogue, struct smtp_totals *totals)
{
	struct smtp_session *session;

	*totals = (struct smtp_totals){0, 0, 0};
	if (dialogue->settings->greet_delay == 0 || greet_later(dialogue)) {
		session = smtp_session_new(&dialogue->settings->smtp, &dialogue->host,
					   &dialogue->room->session);
		serve(dialogue, session);
		dialogue->client->has_heard_all = true;
		*totals = smtp_session_totals(session);
		smtp_session_free(session);
	}
	flush(dialogue);
}
