#include "host/smtp_login.h"

#include "base/base64.h"
#include "host/smtp_talk.h"
#include "unix/report.h"

#define MOST_LINES	 2
#define LONGEST_LINE	 12288 /* RFC 4954 section 4 */
#define LONGEST_COMMAND	 510   /* RFC 4954 section 4 on what AUTH may have behind it */
#define LONGEST_REPEATED 8     /* bytes of a line that a next hop may repeat */

/* What is said, line by line, each in answer to a 334. */
struct exchange {
	const char *command;
	struct text lines[MOST_LINES];
	size_t count;
};

static struct text *add_line(struct exchange *exchange)
{
	struct text *line = &exchange->lines[exchange->count++];

	text_init(line, LONGEST_LINE);
	text_reserve(line, LONGEST_LINE); /* so that what is in it is in one place only */
	return line;
}

static void begin(struct exchange *exchange, enum login_mechanism mechanism,
		  const struct login *login)
{
	exchange->count = 0;
	if (mechanism == LOGIN_PLAIN) {
		exchange->command = "AUTH PLAIN";
		login_write_plain(login, add_line(exchange));
	} else {
		exchange->command = "AUTH LOGIN";
		base64_write(login->user, add_line(exchange));
		base64_write(login->password, add_line(exchange));
	}
}

static void end(struct exchange *exchange)
{
	while (exchange->count) {
		struct text *line = &exchange->lines[--exchange->count];

		text_wipe(line);
		text_free(line);
	}
}

/* Say the command, with the first line behind it where it may have that, and then the lines. */
static void run(struct smtp_client *client, struct exchange *exchange, struct smtp_result *result)
{
	size_t said = 0, length = strlen(exchange->command) + 1 + exchange->lines[0].length;
	struct text command;

	text_init(&command, LONGEST_COMMAND + 2);
	text_reserve(&command, LONGEST_COMMAND + 2);
	text_add_string(&command, exchange->command);
	if (exchange->count == 1 && length <= LONGEST_COMMAND) {
		text_add_byte(&command, ' ');
		text_add(&command, text_span(&exchange->lines[said++]));
	}
	smtp_talk_say(client, &command, result);
	text_wipe(&command);
	text_free(&command);
	while (client->is_open && client->response.code == 334 && said < exchange->count)
		smtp_talk_say(client, &exchange->lines[said++], result);
}

static bool has(struct span text, struct span part)
{
	return part.length && text.length &&
	       memmem(text.bytes, text.length, part.bytes, part.length);
}

/* Whether a reply has something of the password in it. */
static bool gives_away(const struct smtp_client *client, const struct exchange *exchange)
{
	struct span text = text_span(&client->response.text);
	bool is_in = client->has_login && has(text, client->login.password);

	for (size_t index = 0; index < exchange->count; index++)
		is_in = is_in ||
			has(text, span_head(text_span(&exchange->lines[index]), LONGEST_REPEATED));
	return is_in;
}

/* Say in the log what the next hop said to it. */
static void complain(const struct smtp_client *client, const struct exchange *exchange,
		     const char *what, const struct smtp_result *result)
{
	if (gives_away(client, exchange))
		warn("%s %s: %u, see control/smtpauth", client->name, what, client->response.code);
	else
		warn("%s %s: %s, see control/smtpauth", client->name, what,
		     text_string(&result->words));
}

static void log_in(struct smtp_client *client, struct smtp_result *result)
{
	struct exchange exchange;

	begin(&exchange, client->offers_login, &client->login);
	client->is_logging_in = true;
	run(client, &exchange, result);
	client->is_logging_in = false;
	if (client->is_open && result->verdict != VERDICT_YES) {
		complain(client, &exchange, "refuses our login", result);
		smtp_talk_defer(result, "the next hop refuses our login (#4.7.8)");
	}
	end(&exchange);
}

void smtp_login_wanted(struct smtp_client *client, struct smtp_result *result)
{
	struct exchange exchange = {.count = 0};

	if (client->is_logging_in)
		return;
	if (client->has_login)
		begin(&exchange, client->offers_login, &client->login);
	complain(client, &exchange, "wants another login, or TLS", result);
	end(&exchange);
	smtp_talk_defer(result, "the next hop wants another login, or TLS (#4.7.0)");
}

void smtp_login(struct smtp_client *client, const struct route *route, struct smtp_result *result)
{
	client->has_login = login_find(client->settings->logins, route, &client->login);
	if (!client->has_login)
		return;
	if (!client->is_secure && !stream_is_local(&client->stream)) {
		warn("there is a login for %s in control/smtpauth, but its route is without TLS",
		     client->name);
		smtp_talk_defer(result, "the next hop wants a login, which needs TLS (#4.7.10)");
	} else if (client->offers_login == LOGIN_NONE) {
		warn("%s offers no login by PLAIN or LOGIN, but there is one in control/smtpauth",
		     client->name);
		smtp_talk_defer(result, "the next hop offers no login (#4.7.4)");
	} else {
		log_in(client, result);
	}
}
