#include "host/smtp_client.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "host/next_hop.h"
#include "queue/mailbox.h"
#include "queue/wire.h"
#include "unix/deadline.h"
#include "unix/report.h"

#define LONGEST_WORDS	1024
#define LONGEST_COMMAND 4096
#define SEND_AT_ONCE	(16 * 1024) /* bytes of the message */

void smtp_result_init(struct smtp_result *result)
{
	*result = (struct smtp_result){.verdict = VERDICT_LATER, .status = QUEUE_OK};
	text_init(&result->words, LONGEST_WORDS);
}

void smtp_result_free(struct smtp_result *result)
{
	text_free(&result->words);
}

void smtp_client_init(struct smtp_client *client, const struct smtp_client_limits *limits)
{
	memset(client, 0, sizeof(*client));
	client->limits = limits;
	stream_init(&client->stream);
	response_init(&client->response);
}

void smtp_client_free(struct smtp_client *client)
{
	stream_close(&client->stream);
	response_free(&client->response);
}

static int64_t step_moment(const struct smtp_client *client)
{
	int64_t moment = deadline_in(client->limits->step_time);

	return moment < client->limits->moment ? moment : client->limits->moment;
}

/* The connection is of no more use. */
static void lose(struct smtp_client *client, enum queue_status status, const char *what,
		 struct smtp_result *result)
{
	warn_errno("unable to %s %s", what, client->name);
	stream_close(&client->stream);
	client->is_open = false;
	result->verdict = VERDICT_LATER;
	result->status = status;
	text_clear(&result->words);
}

/* Read the next reply. Returns 0, or -1 with errno. */
static int read_response(struct smtp_client *client)
{
	int64_t moment = step_moment(client);
	enum response_step step = RESPONSE_MORE;

	response_clear(&client->response);
	for (;;) {
		struct span bytes = {client->bytes + client->start, client->end - client->start};
		ssize_t count;

		step = response_feed(&client->response, &bytes);
		client->start = client->end - bytes.length;
		errno = EPROTO;
		if (step != RESPONSE_MORE)
			return step == RESPONSE_DONE ? 0 : -1;
		count = stream_read(&client->stream, client->bytes, sizeof(client->bytes), moment);
		if (count == 0)
			errno = ECONNRESET;
		if (count <= 0)
			return -1;
		client->start = 0;
		client->end = (size_t)count;
	}
}

/* Hear a reply: its verdict and words. */
static void hear(struct smtp_client *client, struct smtp_result *result)
{
	text_clear(&result->words);
	result->status = QUEUE_OK;
	if (read_response(client) == -1) {
		lose(client, next_hop_lost(errno), "hear", result);
		return;
	}
	result->verdict = response_verdict(&client->response);
	response_write(&client->response, &result->words);
}

static void say(struct smtp_client *client, struct text *command, struct smtp_result *result)
{
	text_add_string(command, "\r\n");
	errno = ENOMEM;
	if (command->failed ||
	    stream_write(&client->stream, text_span(command), step_moment(client)) == -1)
		lose(client, next_hop_lost(errno), "speak to", result);
	else
		hear(client, result);
}

static void say_words(struct smtp_client *client, const char *verb, struct span argument,
		      struct smtp_result *result)
{
	struct text command;

	text_init(&command, LONGEST_COMMAND);
	text_add_string(&command, verb);
	text_add(&command, argument);
	say(client, &command, result);
	text_free(&command);
}

static void take_offers(struct smtp_client *client)
{
	struct span arguments;

	client->offers_size = response_offers(&client->response, SPAN("SIZE"), &arguments);
	if (client->offers_size && !number_read_span(arguments, UINT64_MAX, &client->size_limit))
		client->size_limit = 0;
	client->offers_8bit = response_offers(&client->response, SPAN("8BITMIME"), &arguments);
	client->offers_utf8 = response_offers(&client->response, SPAN("SMTPUTF8"), &arguments);
}

/* What a next hop says before it knows of a message is no verdict on it: never NO. */
static void greet(struct smtp_client *client, struct smtp_result *result)
{
	hear(client, result);
	if (result->verdict == VERDICT_YES) {
		say_words(client, client->is_lmtp ? "LHLO " : "EHLO ", client->limits->helo,
			  result);
		if (result->verdict == VERDICT_YES)
			take_offers(client);
		else if (result->verdict == VERDICT_NO && !client->is_lmtp)
			say_words(client, "HELO ", client->limits->helo, result);
	}
	if (result->verdict == VERDICT_NO)
		result->verdict = VERDICT_LATER;
}

static int connect_to(struct smtp_client *client, const struct route *route)
{
	const struct smtp_client_limits *limits = client->limits;
	int64_t latest = deadline_in(limits->connect_time);
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
					   latest < limits->moment ? latest : limits->moment);
	return stream_connect_host(&client->stream, host, route->port, limits->connect_time,
				   limits->moment);
}

void smtp_client_open(struct smtp_client *client, const struct route *route,
		      struct smtp_result *result)
{
	client->is_open = connect_to(client, route) == 0;
	if (client->is_open)
		greet(client, result);
	else
		lose(client, next_hop_not_reached(errno), "connect to", result);
}

/* Refuse a message that this next hop cannot take, in words of our own. */
static void refuse(struct smtp_result *result, const char *words)
{
	result->verdict = VERDICT_NO;
	result->status = QUEUE_OK;
	text_clear(&result->words);
	text_add_string(&result->words, words);
}

void smtp_client_mail(struct smtp_client *client, const struct smtp_message *message,
		      struct smtp_result *result)
{
	struct text command;

	text_init(&command, LONGEST_COMMAND);
	text_add_string(&command, "MAIL FROM:<");
	if (!mailbox_write(message->sender, &command)) {
		refuse(result, "the sender's address cannot be handed on (#5.1.7)");
	} else if (message->needs_utf8 && !client->offers_utf8) {
		refuse(result, "the next hop takes no addresses beyond ASCII (#5.6.7)");
	} else if (client->size_limit && message->size > client->size_limit) {
		refuse(result, "the message is too large for the next hop (#5.3.4)");
	} else {
		text_add_byte(&command, '>');
		if (client->offers_size) {
			text_add_string(&command, " SIZE=");
			text_add_number(&command, message->size);
		}
		if (client->offers_8bit && message->has_8bit)
			text_add_string(&command, " BODY=8BITMIME");
		if (client->offers_utf8 && message->needs_utf8)
			text_add_string(&command, " SMTPUTF8");
		say(client, &command, result);
	}
	text_free(&command);
}

void smtp_client_recipient(struct smtp_client *client, struct span recipient,
			   struct smtp_result *result)
{
	struct text command;

	text_init(&command, LONGEST_COMMAND);
	text_add_string(&command, "RCPT TO:<");
	if (mailbox_write(recipient, &command) && recipient.length) {
		text_add_byte(&command, '>');
		say(client, &command, result);
	} else {
		refuse(result, "the address cannot be handed on (#5.1.3)");
	}
	text_free(&command);
}

/* Send the message and its end. Returns 0, or -1 with errno. */
static int send_message(struct smtp_client *client, struct spool *spool)
{
	struct wire wire = {.is_inside_line = false};
	struct span piece;
	uint64_t offset = 0;
	struct text out;
	int result;

	text_init(&out, 4 * SEND_AT_ONCE);
	while ((result = spool_next(spool, &offset, &piece)) == 1) {
		for (; piece.length && result != -1; piece = span_tail(piece, SEND_AT_ONCE)) {
			text_clear(&out);
			wire_write(&wire, span_head(piece, SEND_AT_ONCE), &out);
			errno = ENOMEM;
			result = out.failed ? -1
					    : stream_write(&client->stream, text_span(&out),
							   step_moment(client));
		}
		if (result == -1)
			break;
	}
	text_clear(&out);
	wire_end(&wire, &out);
	if (result == 0) {
		errno = ENOMEM;
		result = out.failed ? -1
				    : stream_write(&client->stream, text_span(&out),
						   step_moment(client));
	}
	text_free(&out);
	return result;
}

void smtp_client_data(struct smtp_client *client, struct spool *spool, struct smtp_result *result)
{
	say_words(client, "DATA", (struct span){NULL, 0}, result);
	if (client->is_open && client->response.code / 100 == 3) {
		if (send_message(client, spool) == 0)
			result->verdict = VERDICT_YES;
		else
			lose(client, next_hop_lost(errno), "send to", result);
	} else if (result->verdict == VERDICT_YES) {
		result->verdict = VERDICT_LATER; /* 2xx makes no sense here */
	}
}

void smtp_client_answer(struct smtp_client *client, struct smtp_result *result)
{
	if (client->is_open)
		hear(client, result);
}

void smtp_client_close(struct smtp_client *client)
{
	/* Its answer is not waited for: ours is, by the one who handed the message in. */
	if (client->is_open)
		stream_write(&client->stream, SPAN("QUIT\r\n"), deadline_in(0));
	stream_close(&client->stream);
	client->is_open = false;
}
