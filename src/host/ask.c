#include "host/ask.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/frame.h"
#include "unix/file.h"
#include "unix/tls_request.h"

#define LONGEST_OUT    (2 * ASK_BLOCK) /* bytes; no request but a message or an envelope is longer */
#define LONGEST_ANSWER 65536	       /* bytes */

void ask_init(struct ask *ask, int socket, struct client *client)
{
	*ask = (struct ask){.socket = socket, .client = client};
	text_init(&ask->out, LONGEST_OUT);
	text_init(&ask->answer, LONGEST_ANSWER);
}

void ask_free(struct ask *ask)
{
	text_free(&ask->out);
	text_free(&ask->answer);
}

/* --- frames out and in --- */

/* Without a monitor nothing more can be done for the client; what was said before is true. */
static void lose(struct ask *ask)
{
	if (!ask->is_lost && !ask->client->has_heard_all)
		client_say(ask->client, SPAN("421 unable to go on (#4.3.0)\r\n"));
	ask->is_lost = true;
	client_flush(ask->client);
	ask->client->is_gone = true;
}

static void send_all(struct ask *ask, struct span bytes)
{
	while (bytes.length && !ask->is_lost) {
		ssize_t count = send(ask->socket, bytes.bytes, bytes.length, MSG_NOSIGNAL);

		if (count >= 0)
			bytes = span_tail(bytes, (size_t)count);
		else if (errno != EINTR)
			lose(ask);
	}
}

static void send_gathered(struct ask *ask)
{
	if (ask->out.failed) /* what the monitor lacks now nobody can tell */
		lose(ask);
	send_all(ask, text_span(&ask->out));
	text_clear(&ask->out);
}

/* Gather the end of a frame, with bytes that may be too many to gather. */
static void finish(struct ask *ask, size_t start, struct span bytes)
{
	frame_end(&ask->out, start, bytes.length);
	if (bytes.length <= ASK_BLOCK - FRAME_HEADER &&
	    ask->out.length + bytes.length <= ASK_BLOCK) {
		text_add(&ask->out, bytes);
	} else {
		send_gathered(ask);
		send_all(ask, bytes);
	}
	if (ask->out.length > ASK_BLOCK)
		send_gathered(ask);
}

static void tell_bytes(struct ask *ask, enum request request, struct span bytes)
{
	finish(ask, frame_begin(&ask->out, request), bytes);
}

static bool receive(struct ask *ask, size_t length)
{
	while (ask->answer.length < length) {
		size_t more = length - ask->answer.length;
		ssize_t count;

		if (!text_reserve(&ask->answer, more))
			return false;
		count = file_read(ask->socket, ask->answer.bytes + ask->answer.length, more);
		if (count <= 0)
			return false;
		ask->answer.length += (size_t)count;
	}
	return true;
}

/* What came of a question, in the answer's memory. */
struct answer {
	enum verdict verdict;
	struct span text, code;
};

static bool read_answer(struct ask *ask, enum request request, struct answer *answer)
{
	struct frame frame;
	struct span fields;
	uint64_t verdict;

	text_clear(&ask->answer);
	if (!receive(ask, FRAME_HEADER) || !frame_read(text_span(&ask->answer), &frame) ||
	    frame.kind != request || frame.length > LONGEST_ANSWER - FRAME_HEADER ||
	    !receive(ask, FRAME_HEADER + frame.length))
		return false;
	fields = span_tail(text_span(&ask->answer), FRAME_HEADER);
	if (!frame_take_number(&fields, &verdict) || verdict > VERDICT_LATER ||
	    !frame_take_span(&fields, &answer->text) || !frame_take_span(&fields, &answer->code))
		return false;
	answer->verdict = (enum verdict)verdict;
	return true;
}

static struct answer hear(struct ask *ask, enum request request)
{
	struct answer answer = {.verdict = VERDICT_LATER};

	send_gathered(ask);
	if (ask->is_lost || !read_answer(ask, request, &answer)) {
		lose(ask);
		return (struct answer){.verdict = VERDICT_LATER};
	}
	ask->has_told = false; /* requests are obeyed in their order */
	return answer;
}

static enum verdict ask_bytes(struct ask *ask, enum request request, struct span bytes)
{
	tell_bytes(ask, request, bytes);
	return hear(ask, request).verdict;
}

void ask_flush(void *world)
{
	struct ask *ask = world;

	if (ask->has_told && !ask->is_lost)
		ask_bytes(ask, REQUEST_LOGGED, SPAN(""));
	else
		send_gathered(ask);
}

/* --- the client --- */

static void reply(void *world, struct span lines)
{
	struct ask *ask = world;

	if (lines.length > CLIENT_GATHER - ask->client->length) /* it lets out those before */
		ask_flush(ask);
	client_say(ask->client, lines);
}

static void delay(void *world, uint32_t seconds)
{
	struct ask *ask = world;

	ask_flush(ask);
	client_flush(ask->client);
	client_pause(ask->client, (uint64_t)seconds * 1000);
}

/* --- the questions --- */

static void event(void *world, const struct smtp_event *what)
{
	struct ask *ask = world;
	size_t start = frame_begin(&ask->out, REQUEST_EVENT);

	frame_add_number(&ask->out, what->kind);
	frame_add_number(&ask->out, what->code);
	frame_add_number(&ask->out, what->has_sender);
	frame_add_number(&ask->out, what->has_recipient);
	frame_add_number(&ask->out, what->size);
	frame_add_number(&ask->out, what->recipients);
	frame_add_span(&ask->out, what->reason);
	frame_add_span(&ask->out, what->why);
	frame_add_span(&ask->out, what->sender);
	frame_add_span(&ask->out, what->recipient);
	frame_add_span(&ask->out, what->user);
	ask->has_told = true;
	finish(ask, start, SPAN(""));
}

static enum verdict hosted(void *world, struct span domain, struct text *why)
{
	struct ask *ask = world;
	struct answer answer;

	tell_bytes(ask, REQUEST_HOSTED, domain);
	answer = hear(ask, REQUEST_HOSTED);
	text_add(why, answer.text);
	return answer.verdict;
}

static enum verdict mailbox(void *world, struct span address)
{
	return ask_bytes(world, REQUEST_MAILBOX, address);
}

static enum verdict bad_sender(void *world, struct span address)
{
	return ask_bytes(world, REQUEST_BAD_SENDER, address);
}

static bool own_address(void *world, const struct address *address)
{
	struct ask *ask = world;
	size_t start = frame_begin(&ask->out, REQUEST_OWN_ADDRESS);

	frame_add_number(&ask->out, address->version);
	frame_add_span(&ask->out,
		       (struct span){(const char *)address->bytes, sizeof(address->bytes)});
	finish(ask, start, SPAN(""));
	return hear(ask, REQUEST_OWN_ADDRESS).verdict == VERDICT_YES;
}

static enum verdict authenticate(void *world, struct span user, struct span password)
{
	struct ask *ask = world;
	struct answer answer;
	size_t start;

	ask_flush(ask);
	client_flush(ask->client);
	if (!text_reserve(&ask->out, FRAME_HEADER + 8 + user.length + password.length)) {
		text_clear(&ask->out); /* the monitor lacks nothing, so it goes on without */
		return VERDICT_LATER;
	}
	start = frame_begin(&ask->out, REQUEST_AUTHENTICATE);
	frame_add_span(&ask->out, user);
	frame_add_span(&ask->out, password);
	frame_end(&ask->out, start, 0);
	send_all(ask, text_span(&ask->out));
	text_wipe(&ask->out);
	answer = hear(ask, REQUEST_AUTHENTICATE);
	return answer.verdict;
}

/* --- TLS --- */

bool ask_start_tls(void *world)
{
	struct ask *ask = world;
	struct text list;
	bool is_secured;
	size_t start;

	/* The answer shows, too, that the monitor has let go of the connection: who carries bytes
	 * to it must see that nobody reads them any more. */
	ask_bytes(ask, REQUEST_LOGGED, SPAN(""));
	text_init(&list, TLS_REQUEST_LIST);
	is_secured = client_start_tls(ask->client, &list) == 0;
	start = frame_begin(&ask->out, is_secured ? REQUEST_SECURED : REQUEST_TLS_FAILED);
	if (!is_secured)
		frame_add_number(&ask->out, (uint64_t)errno);
	ask->has_told = true;
	finish(ask, start, is_secured ? text_span(&list) : SPAN(""));
	text_free(&list);
	return is_secured;
}

/* --- the message --- */

/* Whoever takes the message may take his time: see host/direct.c. */
static void let_out(struct ask *ask)
{
	if (ask->client->length == 0)
		return;
	ask_flush(ask);
	client_flush(ask->client);
}

static enum verdict open_message(void *world, struct span hello, struct span protocol)
{
	struct ask *ask = world;
	size_t start;

	if (ask->may_linger)
		let_out(ask);
	ask->may_linger = false;
	start = frame_begin(&ask->out, REQUEST_OPEN);

	frame_add_span(&ask->out, hello);
	frame_add_span(&ask->out, protocol);
	finish(ask, start, SPAN(""));
	return hear(ask, REQUEST_OPEN).verdict;
}

static void body(void *world, struct span bytes)
{
	let_out(world);
	while (bytes.length) {
		struct span part = span_head(bytes, ASK_BLOCK);

		tell_bytes(world, REQUEST_BODY, part);
		bytes = span_tail(bytes, part.length);
	}
}

static void discard(void *world)
{
	struct ask *ask = world;

	ask->may_linger = true;
	tell_bytes(world, REQUEST_DISCARD, SPAN(""));
}

static enum verdict commit(void *world, struct span envelope, struct smtp_answer *result)
{
	struct ask *ask = world;
	struct answer answer;

	let_out(ask);
	if (ask->client->is_gone) {
		discard(ask);
		return VERDICT_LATER;
	}
	tell_bytes(ask, REQUEST_COMMIT, envelope);
	answer = hear(ask, REQUEST_COMMIT);
	text_add(&result->text, answer.text);
	if (answer.code.length < sizeof(result->enhanced_code)) {
		if (answer.code.length)
			memcpy(result->enhanced_code, answer.code.bytes, answer.code.length);
		result->enhanced_code[answer.code.length] = '\0';
	}
	return answer.verdict;
}

void ask_end(struct ask *ask, const struct smtp_totals *totals)
{
	size_t start = frame_begin(&ask->out, REQUEST_END);

	frame_add_number(&ask->out, totals->commands);
	frame_add_number(&ask->out, totals->messages);
	frame_add_number(&ask->out, totals->bytes);
	finish(ask, start, SPAN(""));
	send_gathered(ask);
}

struct smtp_host ask_host(struct ask *ask)
{
	return (struct smtp_host){
		.world = ask,
		.reply = reply,
		.event = event,
		.hosted = hosted,
		.mailbox = mailbox,
		.bad_sender = bad_sender,
		.own_address = own_address,
		.delay = delay,
		.authenticate = authenticate,
		.open = open_message,
		.body = body,
		.commit = commit,
		.discard = discard,
	};
}
