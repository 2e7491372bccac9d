/*
 * Whatever a next hop answers, the client's half of SMTP and LMTP stays a dialogue: one command for
 * each reply, in an order that servers know, the message whole and only where it was asked for; and
 * what is taken for an answer is the answer to that command: a recipient is taken when its reply
 * says so, and when the message's does.
 *
 * The first byte chooses LMTP, a login, STARTTLS, and the message; the rest are the replies, which
 * are all there at once, so those to the message are before it has gone, and it is not asked here
 * whether it has arrived. The linker is told to put the functions __wrap_NAME in NAME's place.
 */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/smtp_client.h"
#include "host/smtp_talk.h"
#include "queue/enhanced_code.h"
#include "unix/deadline.h"
#include "unix/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int __wrap_connect(int descriptor, const struct sockaddr *address, socklen_t length);
bool __wrap_smtp_talk_is_quiet(struct smtp_client *client);
bool __wrap_stream_has_arrived(const struct stream *stream);

#define LARGEST		(32 * 1024) /* bytes of the replies; a socket holds them all */
#define RECIPIENTS	2
#define MESSAGE		"Subject: x\n\n.\n..\nlast"
#define MESSAGE_ON_WIRE "Subject: x\r\n\r\n..\r\n...\r\nlast\r\n.\r\n"

enum { IS_LMTP = 1, HAS_LOGIN = 2, WANTS_TLS = 4, HAS_8BIT = 8, HAS_UTF8 = 16 };

/* What the client found, step by step: -1 where it did not come so far. */
struct outcome {
	int opened, mail, recipients[RECIPIENTS], data, answers[RECIPIENTS];
};

/* The replies as they stand there. */
struct replies {
	struct span rest;
	unsigned code; /* of the reply before */
};

static int ends[2]; /* of the next connection: the client's and ours */

int __wrap_connect(int descriptor, const struct sockaddr *address, socklen_t length)
{
	(void)address, (void)length;
	return dup2(ends[0], descriptor) == -1 ? -1 : 0;
}

bool __wrap_smtp_talk_is_quiet(struct smtp_client *client)
{
	(void)client;
	return true;
}

bool __wrap_stream_has_arrived(const struct stream *stream)
{
	(void)stream;
	return true;
}

/* --- the replies --- */

/* The code of the next reply; 0 when it is none, or not complete. 554 stands for what 534 without
 * an enhanced code means. */
static unsigned hear(struct replies *replies)
{
	bool is_enhanced = false;
	unsigned code = 0;
	int behind = '-';

	while (behind == '-') {
		size_t end = span_find(replies->rest, '\n');
		struct span line = span_head(replies->rest, end);
		unsigned number = 0;

		if (end == replies->rest.length)
			return 0;
		replies->rest = span_tail(replies->rest, end + 1);
		for (size_t index = 0; index < 3; index++) {
			int byte = span_byte(line, index);

			if (byte < '0' || byte > '9')
				return 0;
			number = number * 10 + (unsigned)(byte - '0');
		}
		behind = span_byte(line, 3);
		if (line.length == 3 || (line.length == 4 && behind == '\r'))
			behind = ' ';
		if (number < 200 || number > 599 || (code && number != code) ||
		    (behind != ' ' && behind != '-'))
			return 0;
		code = number;
		while (line.length && line.bytes[line.length - 1] == '\r')
			line.length--;
		is_enhanced = is_enhanced || (enhanced_code_at_start(span_tail(line, 4)).length &&
					      span_byte(line, 4) == '5');
	}
	replies->code = code == 534 && !is_enhanced ? 554 : code;
	return replies->code;
}

/* What a reply to something other than DATA means. */
static enum verdict meaning(unsigned code)
{
	if (code == 430 || code == 530 || code == 534 || code == 535 || code == 538)
		return VERDICT_LATER; /* they blame the login */
	return code / 100 == 2 ? VERDICT_YES : code / 100 == 5 ? VERDICT_NO : VERDICT_LATER;
}

/* --- the client --- */

static void talk(struct smtp_client *client, const struct route *route, int flags,
		 struct outcome *outcome, struct smtp_result *result)
{
	struct smtp_message message = {.sender = SPAN("ann@example.org"), .size = 30};
	struct spool spool = {.file = -1, .size = sizeof(MESSAGE) - 1};
	bool has_any = false;

	message.has_8bit = flags & HAS_8BIT;
	message.needs_utf8 = flags & HAS_UTF8;
	smtp_client_open(client, route, result);
	outcome->opened = (int)result->verdict;
	if (result->verdict != VERDICT_YES)
		return;
	smtp_client_mail(client, &message, result);
	outcome->mail = (int)result->verdict;
	if (result->verdict != VERDICT_YES)
		return;
	for (size_t index = 0; index < RECIPIENTS && client->is_open; index++) {
		smtp_client_recipient(client, SPAN("bob@example.net"), result);
		outcome->recipients[index] = (int)result->verdict;
		has_any = has_any || result->verdict == VERDICT_YES;
	}
	if (!has_any || !client->is_open)
		return;
	smtp_client_data(client, result);
	outcome->data = (int)result->verdict;
	if (result->verdict != VERDICT_YES)
		return;
	text_init(&spool.held, sizeof(MESSAGE));
	text_add_string(&spool.held, MESSAGE);
	smtp_client_send(client, &spool, result);
	outcome->data = (int)result->verdict;
	for (size_t index = 0; index < RECIPIENTS && outcome->data == VERDICT_YES; index++) {
		if (outcome->recipients[index] != VERDICT_YES || !client->is_open)
			continue;
		smtp_client_answer(client, result);
		outcome->answers[index] = (int)result->verdict;
		if (!client->is_lmtp)
			break;
	}
	spool_free(&spool);
}

/* --- what it said --- */

static bool is_greeting(struct span line)
{
	return span_starts(line, SPAN("EHLO ")) || span_starts(line, SPAN("LHLO ")) ||
	       span_starts(line, SPAN("HELO ")) || span_equal(line, SPAN("STARTTLS"));
}

/* The message and the answers to it, behind DATA. */
static struct span check_message(struct span sent, struct replies *replies,
				 const struct outcome *outcome, int flags)
{
	assert(span_starts(sent, SPAN(MESSAGE_ON_WIRE)));
	for (size_t index = 0; index < RECIPIENTS; index++) {
		if (outcome->answers[index] == -1)
			continue;
		assert(outcome->answers[index] == (int)meaning(hear(replies)));
		assert(outcome->recipients[index] == VERDICT_YES);
		assert(index == 0 || outcome->answers[0] == -1 || flags & IS_LMTP);
	}
	return span_tail(sent, sizeof(MESSAGE_ON_WIRE) - 1);
}

static void check_dialogue(struct span sent, struct replies *replies, struct outcome *outcome,
			   int flags)
{
	size_t recipients = 0;
	int mail = -1, data = -1;
	struct span line;

	hear(replies);
	while (span_next_line(&sent, &line)) {
		unsigned before = replies->code, code;

		assert(line.length && line.bytes[line.length - 1] == '\r');
		line = span_head(line, line.length - 1);
		assert(before > 0);
		if (span_equal(line, SPAN("QUIT")))
			break;
		code = hear(replies);
		if (span_starts(line, SPAN("MAIL FROM:<ann@example.org>"))) {
			assert(before / 100 == 2 && outcome->mail == (int)meaning(code));
			mail = outcome->mail;
		} else if (span_equal(line, SPAN("RCPT TO:<bob@example.net>"))) {
			assert(mail == VERDICT_YES && recipients < RECIPIENTS);
			/* 552 may be for now, by words that are not looked at here. */
			assert(outcome->recipients[recipients] == (int)meaning(code) ||
			       (code == 552 && outcome->recipients[recipients] == VERDICT_LATER));
			recipients++;
		} else if (span_equal(line, SPAN("DATA"))) {
			data = outcome->data;
			assert((data == VERDICT_YES) == (code / 100 == 3));
			assert((data == VERDICT_NO) == (meaning(code) == VERDICT_NO));
			if (data == VERDICT_YES)
				sent = check_message(sent, replies, outcome, flags);
		} else if (span_starts(line, SPAN("AUTH ")) || before == 334) {
			assert(flags & HAS_LOGIN && mail == -1);
		} else {
			assert(is_greeting(line) && mail == -1);
			if (span_equal(line, SPAN("STARTTLS")) && code / 100 == 2)
				return; /* what follows is TLS, which nobody answers */
		}
	}
	assert(sent.length == 0);
	assert(mail == VERDICT_YES || outcome->mail != VERDICT_YES);
	assert(data == outcome->data);
}

static void read_sent(int descriptor, struct text *sent)
{
	char bytes[4096];
	ssize_t count;

	while ((count = recv(descriptor, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		text_add(sent, (struct span){bytes, (size_t)count});
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct smtp_client_settings settings = {.helo = SPAN("mail.example.org"),
						.connect_time = 10000,
						.step_time = 10000,
						.moment = deadline_in(10000)};
	struct route route = {.is_path = true, .host = SPAN("/next-hop")};
	struct outcome outcome = {-1, -1, {-1, -1}, -1, {-1, -1}};
	struct replies replies = {.rest = {(const char *)bytes + 1, size - 1}};
	struct smtp_client client;
	struct smtp_result result;
	struct text sent;

	if (size < 2 || size > LARGEST)
		return 0;
	report_nothing();
	route.is_lmtp = bytes[0] & IS_LMTP;
	route.security = bytes[0] & WANTS_TLS ? ROUTE_STARTTLS : ROUTE_CLEAR;
	if (bytes[0] & HAS_LOGIN)
		settings.logins = SPAN("/next-hop ann:secret\n");
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	assert(send(ends[1], replies.rest.bytes, replies.rest.length, 0) == (ssize_t)size - 1);
	shutdown(ends[1], SHUT_WR);
	smtp_client_init(&client, &settings);
	smtp_result_init(&result);
	talk(&client, &route, bytes[0], &outcome, &result);
	assert(outcome.opened != VERDICT_NO);
	smtp_client_close(&client);
	text_init(&sent, LARGEST);
	read_sent(ends[1], &sent);
	check_dialogue(text_span(&sent), &replies, &outcome, bytes[0]);
	text_free(&sent);
	smtp_result_free(&result);
	smtp_client_free(&client);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
