#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "host/next_hop.h"
#include "host/smtp_client.h"
#include "host/smtp_login.h"
#include "host/smtp_talk.h"
#include "unix/deadline.h"
#include "unix/report.h"
#include "unix/tls_client.h"

static void take_offers(struct smtp_client *client)
{
	struct response *response = &client->response;
	struct span arguments;

	client->offers_size = response_offers(response, SPAN("SIZE"), &arguments);
	if (!client->offers_size || !number_read_span(arguments, UINT64_MAX, &client->size_limit))
		client->size_limit = 0;
	client->offers_8bit = response_offers(response, SPAN("8BITMIME"), &arguments);
	client->offers_utf8 = response_offers(response, SPAN("SMTPUTF8"), &arguments);
	client->offers_tls = response_offers(response, SPAN("STARTTLS"), &arguments);
	client->offers_login = LOGIN_NONE;
	if (response_offers(response, SPAN("AUTH"), &arguments))
		client->offers_login = login_choose(arguments);
}

/* Say who we are, and hear what is offered; whatever was offered before is forgotten. */
static void introduce(struct smtp_client *client, struct smtp_result *result)
{
	struct span helo = client->settings->helo;

	smtp_talk_say_words(client, client->is_lmtp ? "LHLO " : "EHLO ", helo, result);
	if (result->verdict == VERDICT_NO && !client->is_lmtp) {
		smtp_talk_say_words(client, "HELO ", helo, result);
		response_clear(&client->response); /* nothing is offered in answer to HELO */
	}
	if (result->verdict == VERDICT_YES)
		take_offers(client);
}

/* Put TLS on the connection. */
static bool secure(struct smtp_client *client, struct smtp_result *result)
{
	struct text why;

	text_init(&why, REPORT_LINE);
	client->is_secure =
		tls_client_start(&client->stream, client->name, client->settings->authorities,
				 smtp_talk_moment(client), &why) == 0;
	if (!client->is_secure && errno == EPROTO) {
		warn("unable to start TLS with %s: %s", client->name, text_string(&why));
		stream_close(&client->stream);
		client->is_open = false;
		smtp_talk_defer(result, "there is no trusted TLS with the next hop (#4.7.5)");
	} else if (!client->is_secure) {
		smtp_talk_lose(client, next_hop_lost(errno), "start TLS with", result);
	}
	text_free(&why);
	return client->is_secure;
}

/* RFC 3207: ask for TLS, start it, and begin anew. */
static void start_tls(struct smtp_client *client, struct smtp_result *result)
{
	if (!client->offers_tls) {
		warn("%s does not offer STARTTLS", client->name);
		smtp_talk_defer(result, "the next hop offers no TLS (#4.7.4)");
		return;
	}
	smtp_talk_say_words(client, "STARTTLS", (struct span){NULL, 0}, result);
	if (!client->is_open)
		return;
	if (result->verdict != VERDICT_YES) {
		warn("%s does not start TLS: %s", client->name, text_string(&result->words));
		smtp_talk_defer(result, "the next hop offers no TLS (#4.7.4)");
		return;
	}
	if (client->start != client->end) { /* it would pass for what was said under TLS */
		client->start = client->end;
		errno = EPROTO;
		warn("%s says more in the clear behind its answer to STARTTLS: is it tampered "
		     "with?",
		     client->name);
		smtp_talk_lose(client, QUEUE_CONNECTION_FAILED, "trust", result);
		return;
	}
	if (secure(client, result))
		introduce(client, result);
}

/* Be greeted over a new connection, and greet, with TLS if the route has it. */
static void meet(struct smtp_client *client, const struct route *route, struct smtp_result *result)
{
	client->is_open = true;
	client->is_secure = false;
	client->start = client->end = 0;
	if (route->security == ROUTE_TLS && !secure(client, result))
		return;
	smtp_talk_hear(client, smtp_talk_moment(client), result);
	if (result->verdict == VERDICT_YES)
		introduce(client, result);
	if (result->verdict == VERDICT_YES && route->security == ROUTE_STARTTLS)
		start_tls(client, result);
}

static void meet_at_path(struct smtp_client *client, const struct route *route,
			 struct smtp_result *result)
{
	int64_t latest = deadline_in(client->settings->connect_time);

	if (latest > client->settings->moment)
		latest = client->settings->moment;
	if (stream_connect_path(&client->stream, client->name, latest) == -1)
		smtp_talk_lose(client, next_hop_not_reached(errno), "connect to", result);
	else
		meet(client, route, result);
}

static void lose_unfound(struct smtp_client *client, struct smtp_result *result)
{
	int error = errno;

	smtp_talk_defer(result, "");
	result->status = next_hop_not_reached(error);
	warn(error == EADDRNOTAVAIL ? "no IP address for %s"
				    : "temporarily unable to figure out IP address for %s",
	     client->name);
}

/* RFC 5321 section 5.1: go on to the next address until one of them takes mail. If none does, the
 * result is what was wrong with the last one that was there. */
static void meet_at_host(struct smtp_client *client, const struct route *route,
			 struct smtp_result *result)
{
	const struct smtp_client_settings *settings = client->settings;
	struct stream_addresses addresses;
	bool was_there = false;

	if (stream_find(&addresses, client->name, route->port) == -1) {
		lose_unfound(client, result);
		return;
	}
	for (;;) {
		if (stream_connect_next(&client->stream, &addresses, settings->connect_time,
					settings->moment) == 0)
			meet(client, route, result);
		else if (!was_there)
			smtp_talk_lose(client, next_hop_not_reached(errno), "connect to", result);
		was_there = true;
		if (result->verdict == VERDICT_YES || !addresses.left ||
		    deadline_left(settings->moment) == 0)
			break;
		if (client->is_open)
			warn("an address of %s takes no mail: %s", client->name,
			     text_string(&result->words));
		smtp_client_close(client);
	}
	stream_addresses_free(&addresses);
}

void smtp_client_open(struct smtp_client *client, const struct route *route,
		      struct smtp_result *result)
{
	client->has_login = client->is_logging_in = client->is_open = false;
	client->is_lmtp = route->is_lmtp;
	memcpy(client->name, route->host.bytes, route->host.length);
	client->name[route->host.length] = '\0';
	if (route->is_path)
		meet_at_path(client, route, result);
	else
		meet_at_host(client, route, result);
	if (result->verdict == VERDICT_YES)
		smtp_login(client, route, result);
	if (result->verdict == VERDICT_NO)
		result->verdict = VERDICT_LATER;
}
