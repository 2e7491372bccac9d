#include "host/smtp_client.h"

#include <errno.h>
#include <string.h>

#include "host/smtp_talk.h"
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

void smtp_client_init(struct smtp_client *client, const struct smtp_client_settings *settings)
{
	memset(client, 0, sizeof(*client));
	client->settings = settings;
	stream_init(&client->stream);
	response_init(&client->response);
}

void smtp_client_free(struct smtp_client *client)
{
	stream_close(&client->stream);
	response_free(&client->response);
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
		if (client->offers_utf8 && (message->needs_utf8 || message->has_utf8))
			text_add_string(&command, " SMTPUTF8");
		smtp_talk_say(client, &command, result);
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
		smtp_talk_say(client, &command, result);
		if (client->is_open && response_is_too_many(&client->response))
			result->verdict = VERDICT_LATER;
	} else {
		refuse(result, "the address cannot be handed on (#5.1.3)");
	}
	text_free(&command);
}

/* Send the message and its end, but no end behind which an answer would be believed that was given
 * before. Returns 0, or -1 with errno. */
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
							   smtp_talk_moment(client));
		}
		if (result == -1)
			break;
	}
	text_clear(&out);
	wire_end(&wire, &out);
	if (result == 0 && !smtp_talk_is_quiet(client))
		result = -1;
	if (result == 0) {
		errno = ENOMEM;
		result = out.failed ? -1
				    : stream_write(&client->stream, text_span(&out),
						   smtp_talk_moment(client));
	}
	text_free(&out);
	return result;
}

void smtp_client_data(struct smtp_client *client, struct smtp_result *result)
{
	smtp_talk_say_words(client, "DATA", (struct span){NULL, 0}, result);
	if (client->is_open && client->response.code / 100 == 3) {
		result->verdict = VERDICT_YES;
		client->is_open = false; /* a command would be a line of the message */
	} else if (result->verdict == VERDICT_YES) {
		result->verdict = VERDICT_LATER; /* 2xx makes no sense here */
	}
}

void smtp_client_await(struct smtp_client *client, struct smtp_result *result)
{
	if (smtp_talk_is_quiet(client))
		result->verdict = VERDICT_YES;
	else
		smtp_talk_hear_refusal(client, result);
}

void smtp_client_send(struct smtp_client *client, struct spool *spool, struct smtp_result *result)
{
	if (send_message(client, spool) == 0) {
		client->is_open = true;
		result->verdict = VERDICT_YES;
	} else {
		smtp_talk_hear_refusal(client, result);
	}
}

void smtp_client_answer(struct smtp_client *client, struct smtp_result *result)
{
	if (client->is_open)
		smtp_talk_hear(client, client->settings->moment, result);
	if (client->is_open && result->verdict == VERDICT_YES &&
	    !stream_has_arrived(&client->stream)) {
		warn("%s says that it took a message that it has not read", client->name);
		errno = EPROTO;
		smtp_talk_lose(client, QUEUE_CONNECTION_FAILED, "believe", result);
	}
}

void smtp_client_close(struct smtp_client *client)
{
	/* Its answer is not waited for: ours is, by the one who handed the message in. */
	if (client->is_open)
		stream_write(&client->stream, SPAN("QUIT\r\n"), deadline_in(0));
	stream_close(&client->stream);
	client->is_open = false;
}
