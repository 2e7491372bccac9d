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
	if (result->verdict == VERDICT_NO && !client->is_lmtp)
		smtp_talk_say_words(client, "HELO ", helo, result);
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

static int connect_to(struct smtp_client *client, const struct route *route)
{
	const struct smtp_client_settings *settings = client->settings;
	int64_t latest = deadline_in(settings->connect_time);
	char host[256];

	if (route->host.length >= sizeof(host)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(host, route->host.bytes, route->host.length);
	host[route->host.length] = '\0';
	memcpy(client->name, host, sizeof(host));
	client->is_lmtp = route->is_lmtp;
	if (route->is_path)
		return stream_connect_path(&client->stream, host,
					   latest < settings->moment ? latest : settings->moment);
	return stream_connect_host(&client->stream, host, route->port, settings->connect_time,
				   settings->moment);
}

void smtp_client_open(struct smtp_client *client, const struct route *route,
		      struct smtp_result *result)
{
	client->has_login = client->is_logging_in = false;
	client->is_open = connect_to(client, route) == 0;
	if (!client->is_open) {
		smtp_talk_lose(client, next_hop_not_reached(errno), "connect to", result);
		return;
	}
	if (route->security == ROUTE_TLS && !secure(client, result))
		return;
	smtp_talk_hear(client, smtp_talk_moment(client), result);
	if (result->verdict == VERDICT_YES)
		introduce(client, result);
	if (result->verdict == VERDICT_YES && route->security == ROUTE_STARTTLS)
		start_tls(client, result);
	if (result->verdict == VERDICT_YES)
		smtp_login(client, route, result);
	if (result->verdict == VERDICT_NO)
		result->verdict = VERDICT_LATER;
}
