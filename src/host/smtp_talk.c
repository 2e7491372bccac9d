#include "host/smtp_talk.h"

#include <errno.h>

#include "host/next_hop.h"
#include "host/smtp_login.h"
#include "unix/deadline.h"
#include "unix/report.h"

#define LONGEST_COMMAND 4096

int64_t smtp_talk_moment(const struct smtp_client *client)
{
	int64_t moment = deadline_in(client->settings->step_time);

	return moment < client->settings->moment ? moment : client->settings->moment;
}

static void hang_up(struct smtp_client *client)
{
	stream_close(&client->stream);
	client->is_open = false;
}

void smtp_talk_lose(struct smtp_client *client, enum queue_status status, const char *what,
		    struct smtp_result *result)
{
	warn_errno("unable to %s %s", what, client->name);
	hang_up(client);
	result->verdict = VERDICT_LATER;
	result->status = status;
	text_clear(&result->words);
}

/* Read the next reply. Returns 0, or -1 with errno. */
static int read_response(struct smtp_client *client, int64_t moment)
{
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

/* RFC 4954 section 6 and RFC 3207 section 4: wants a login, or a better one, or TLS. That is for
 * our administrator to know. Cyrus says 430 where others say 530; and what Courier calls 534,
 * without an enhanced code, is a message that is too large. */
static bool blames_us(const struct response *response)
{
	unsigned code = response->code;

	return code == 430 || code == 530 || code == 535 || code == 538 ||
	       (code == 534 && response_enhanced_code(response).length);
}

/* Make the reply that was read the result. */
static void take_response(struct smtp_client *client, struct smtp_result *result)
{
	text_clear(&result->words);
	result->status = QUEUE_OK;
	result->verdict = response_verdict(&client->response);
	response_write(&client->response, &result->words);
	if (blames_us(&client->response))
		smtp_login_wanted(client, result);
}

void smtp_talk_hear(struct smtp_client *client, int64_t moment, struct smtp_result *result)
{
	if (read_response(client, moment) == 0)
		take_response(client, result);
	else
		smtp_talk_lose(client, next_hop_lost(errno), "hear", result);
}

bool smtp_talk_is_quiet(struct smtp_client *client)
{
	ssize_t count = (ssize_t)(client->end - client->start);

	if (count == 0) {
		count = stream_read(&client->stream, client->bytes, sizeof(client->bytes),
				    deadline_in(0));
		client->start = 0;
		client->end = count > 0 ? (size_t)count : 0;
	}
	if (count >= 0)
		errno = count ? EPROTO : ECONNRESET;
	return count == -1 && errno == ETIMEDOUT;
}

void smtp_talk_hear_refusal(struct smtp_client *client, struct smtp_result *result)
{
	int64_t moment = deadline_in(NEXT_HOP_LAST_WORDS);
	int kept = errno;

	if (moment > client->settings->moment)
		moment = client->settings->moment;
	if (read_response(client, moment) == 0 && client->response.code >= 400) {
		take_response(client, result);
		hang_up(client); /* QUIT would be a line of the message */
	} else {
		errno = kept;
		smtp_talk_lose(client, next_hop_lost(kept), "send to", result);
	}
}

void smtp_talk_say(struct smtp_client *client, struct text *command, struct smtp_result *result)
{
	text_add_string(command, "\r\n");
	errno = ENOMEM;
	if (command->failed ||
	    stream_write(&client->stream, text_span(command), smtp_talk_moment(client)) == -1)
		smtp_talk_lose(client, next_hop_lost(errno), "speak to", result);
	else
		smtp_talk_hear(client, smtp_talk_moment(client), result);
}

void smtp_talk_say_words(struct smtp_client *client, const char *verb, struct span argument,
			 struct smtp_result *result)
{
	struct text command;

	text_init(&command, LONGEST_COMMAND);
	text_add_string(&command, verb);
	text_add(&command, argument);
	smtp_talk_say(client, &command, result);
	text_free(&command);
}

void smtp_talk_defer(struct smtp_result *result, const char *words)
{
	result->verdict = VERDICT_LATER;
	result->status = QUEUE_OK;
	text_clear(&result->words);
	text_add_string(&result->words, words);
}
