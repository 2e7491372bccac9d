#include "smtp/state.h"

#define MOST_FAILURES 3 /* of AUTH in one session */
#define FAILURE_DELAY 2 /* seconds before a 535 */

static void note(struct smtp_session *session, enum smtp_event_kind kind, enum smtp_reply reply)
{
	struct smtp_event event = {
		.kind = kind,
		.code = smtp_replies[reply].code,
		.reason = span_of(smtp_replies[reply].text),
		.user = text_span(&session->sasl.user),
	};

	session->host->event(session->host->world, &event);
}

/* An AUTH exchange is over: say how and wait for commands again. */
static void end(struct smtp_session *session, enum smtp_reply reply)
{
	session->input = INPUT_COMMAND;
	session_say(session, reply);
	sasl_clear(&session->sasl);
	text_wipe(&session->line);
}

static void fail(struct smtp_session *session)
{
	note(session, SMTP_AUTH_FAIL, REPLY_AUTH_FAILED);
	session->host->delay(session->host->world, FAILURE_DELAY);
	end(session, REPLY_AUTH_FAILED);
	if (++session->auth_failures >= MOST_FAILURES)
		session_hang_up(session, REPLY_AUTH_TOO_OFTEN);
}

static void check(struct smtp_session *session)
{
	const struct smtp_host *host = session->host;

	switch (host->authenticate(host->world, text_span(&session->sasl.user),
				   text_span(&session->sasl.password))) {
	case VERDICT_NO: fail(session); break;
	case VERDICT_LATER:
		note(session, SMTP_AUTH_FAIL, REPLY_AUTH_LATER);
		end(session, REPLY_AUTH_LATER);
		break;
	case VERDICT_YES:
		text_clear(&session->user);
		text_add(&session->user, text_span(&session->sasl.user));
		if (session->user.failed) {
			session_hang_up(session, REPLY_NO_MEMORY);
			break;
		}
		note(session, SMTP_AUTH_OK, REPLY_AUTH_OK);
		end(session, REPLY_AUTH_OK);
		break;
	}
}

static void go_on(struct smtp_session *session, enum sasl_step step, struct span challenge)
{
	switch (step) {
	case SASL_CHALLENGE:
		session->input = INPUT_AUTH;
		session_say_detail(session, REPLY_AUTH_CHALLENGE, "", challenge);
		break;
	case SASL_DONE: check(session); break;
	case SASL_UNUSABLE: fail(session); break;
	case SASL_CANCELED: end(session, REPLY_AUTH_CANCELED); break;
	case SASL_MALFORMED: end(session, REPLY_AUTH_MALFORMED); break;
	case SASL_NO_MEMORY: session_hang_up(session, REPLY_NO_MEMORY); break;
	}
}

/* Why AUTH cannot be had now; REPLY_NONE when it can. */
static enum smtp_reply objection(const struct smtp_session *session)
{
	if (!session->settings->offers_auth)
		return REPLY_AUTH_UNAVAILABLE;
	if (!login_is_possible(session))
		return REPLY_AUTH_WANTS_TLS;
	if (session->user.length)
		return REPLY_AUTH_AGAIN;
	return REPLY_NONE;
}

bool login_is_possible(const struct smtp_session *session)
{
	return session->settings->offers_auth &&
	       (session->is_secured || session->settings->allows_clear_auth);
}

void login_auth(struct smtp_session *session, struct span argument)
{
	size_t blank = span_find(argument, ' ');
	struct span response = span_trim_start(span_tail(argument, blank)), challenge = {NULL, 0};
	enum smtp_reply reply = objection(session);
	enum sasl_mechanism mechanism;
	enum sasl_step step;

	if (reply == REPLY_NONE && !sasl_find(span_head(argument, blank), &mechanism))
		reply = REPLY_AUTH_UNKNOWN;
	if (reply != REPLY_NONE) {
		session_say(session, reply);
		return;
	}
	step = sasl_start(&session->sasl, mechanism, response.length > 0, response, &challenge);
	go_on(session, step, challenge);
}

void login_take_line(struct smtp_session *session, struct span line)
{
	struct span challenge = {NULL, 0};
	enum sasl_step step = sasl_take(&session->sasl, line, &challenge);

	go_on(session, step, challenge);
}

void login_start_tls(struct smtp_session *session)
{
	if (session->is_secured) {
		session_say(session, REPLY_TLS_AGAIN);
	} else if (session->settings->tls == SMTP_TLS_OFFERED) {
		session_reset(session);
		session->input = INPUT_TLS;
		session_say(session, REPLY_TLS_READY);
	} else if (session->settings->tls == SMTP_TLS_BROKEN) {
		session_say(session, REPLY_TLS_BROKEN);
	} else {
		session_say(session, REPLY_UNIMPLEMENTED);
	}
}
