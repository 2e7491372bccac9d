#include "host/forward.h"

#include <stdlib.h>

#include "queue/wire.h"
#include "smtp/received.h"
#include "unix/report.h"

#define MOST_HOPS      100 /* of one message */
#define LONGEST_LISTED 100 /* bytes of a recipient in words */

struct hop {
	struct text text; /* of its route */
	struct smtp_client client;
};

struct forward {
	struct submission *submission;
	const struct lookup *routes;
	const struct smtp_client_settings *settings;
	struct smtp_result *result;
	struct smtp_message message;
	struct hop *hops[MOST_HOPS];
	size_t count;
	unsigned char *hop_of; /* each recipient's */
	unsigned accepted;     /* recipients for whom a next hop has taken the message */
	struct text refusal;   /* the first one for good after that, or before */
};

/* Decide without a next hop. */
static bool fail(struct forward *forward, enum verdict verdict, enum queue_status status,
		 const char *words)
{
	forward->result->verdict = verdict;
	forward->result->status = status;
	text_clear(&forward->result->words);
	text_add_string(&forward->result->words, words);
	return false;
}

static bool is_beyond_ascii(struct span bytes)
{
	for (size_t index = 0; index < bytes.length; index++)
		if ((unsigned char)bytes.bytes[index] >= 0x80)
			return true;
	return false;
}

/* Whether the header needs SMTPUTF8: RFC 6531 section 3.4. One whose client did not ask for that is
 * in some other code, and a message with such a header has always gone as it is. */
static bool has_utf8_header(struct span start)
{
	if (!received_is_utf8(start))
		return false;
	while (start.length && start.bytes[0] != '\n') {
		size_t length = span_find(start, '\n');

		if (is_beyond_ascii(span_head(start, length)))
			return true;
		start = span_tail(start, length + 1);
	}
	return false;
}

/* Look at the message: what MAIL has to say of it. False: it cannot be read. */
static bool measure(struct forward *forward)
{
	struct spool *spool = &forward->submission->spool;
	struct smtp_message *message = &forward->message;
	struct span piece;
	struct wire wire = {.is_inside_line = false};
	uint64_t offset = 0;
	int more;

	message->sender = envelope_sender(&forward->submission->envelope);
	message->needs_utf8 = is_beyond_ascii(text_span(&forward->submission->envelope.bytes));
	message->size = 0;
	while ((more = spool_next(spool, &offset, &piece)) == 1) {
		if (message->size == 0) /* a header is in the first piece, if it is no jest */
			message->has_utf8 = has_utf8_header(piece);
		message->size += wire_measure(&wire, piece);
		message->has_8bit = message->has_8bit || is_beyond_ascii(piece);
	}
	message->size += wire_measure_end(&wire);
	if (more == -1) {
		warn_errno("unable to read the message again");
		return fail(forward, VERDICT_LATER, QUEUE_READ_ERROR, "");
	}
	return true;
}

/* The hop with such a route, a new one if need be. */
static bool find_hop(struct forward *forward, struct span route, unsigned char *index)
{
	struct hop *hop;

	for (size_t each = 0; each < forward->count; each++)
		if (span_equal(text_span(&forward->hops[each]->text), route)) {
			*index = (unsigned char)each;
			return true;
		}
	if (forward->count == MOST_HOPS)
		return fail(forward, VERDICT_LATER, QUEUE_OK, "too many next hops (#4.5.3)");
	hop = calloc(1, sizeof(*hop));
	if (!hop)
		return fail(forward, VERDICT_LATER, QUEUE_NO_MEMORY, "");
	text_init(&hop->text, route.length);
	text_add(&hop->text, route);
	smtp_client_init(&hop->client, forward->settings);
	*index = (unsigned char)forward->count;
	forward->hops[forward->count++] = hop;
	return hop->text.failed ? fail(forward, VERDICT_LATER, QUEUE_NO_MEMORY, "") : true;
}

static bool no_route(struct forward *forward, struct span recipient, const char *what)
{
	struct text *words = &forward->result->words;
	struct span domain = span_tail(recipient, span_find_last(recipient, '@') + 1);

	fail(forward, VERDICT_LATER, QUEUE_OK, what);
	text_add_printable(words, span_head(domain, LONGEST_LISTED), (struct span){NULL, 0});
	text_add_string(words, " (#4.4.4)");
	warn("%s, see control/smtproutes", text_string(words));
	return false;
}

/* Find each recipient's hop. */
static bool find_routes(struct forward *forward)
{
	const struct envelope *envelope = &forward->submission->envelope;
	struct span recipient, route;
	size_t position = 0, number = 0;

	while (envelope_recipient(envelope, &position, &recipient))
		number++;
	forward->hop_of = calloc(number, 1);
	if (!forward->hop_of)
		return fail(forward, VERDICT_LATER, QUEUE_NO_MEMORY, "");
	position = number = 0;
	while (envelope_recipient(envelope, &position, &recipient)) {
		switch (route_find(forward->routes, recipient, &route)) {
		case VERDICT_YES: break;
		case VERDICT_NO: return no_route(forward, recipient, "there is no next hop for ");
		case VERDICT_LATER:
			warn("control/smtproutes.cdb cannot be read");
			return fail(forward, VERDICT_LATER, QUEUE_NO_CONFIGURATION, "");
		}
		if (!find_hop(forward, route, &forward->hop_of[number]))
			return false;
		number++;
	}
	return true;
}

/* Put the recipient before the words of a refusal. */
static void name_recipient(struct smtp_result *result, struct span recipient)
{
	struct text words;

	if (result->words.length == 0)
		return;
	text_init(&words, result->words.maximum);
	text_add_byte(&words, '<');
	text_add_printable(&words, span_head(recipient, LONGEST_LISTED), (struct span){NULL, 0});
	text_add_string(&words, ">: ");
	text_add(&words, text_span(&result->words));
	if (!words.failed) {
		text_clear(&result->words);
		text_add(&result->words, text_span(&words));
	}
	text_free(&words);
}

/* Connect to a hop and offer the message to its recipients. */
static bool offer(struct forward *forward, size_t index)
{
	const struct envelope *envelope = &forward->submission->envelope;
	struct hop *hop = forward->hops[index];
	struct smtp_result *result = forward->result;
	struct span recipient;
	size_t position = 0, number = 0;
	struct route route;
	const char *why;

	if (!route_read(text_span(&hop->text), &route, &why)) {
		while (envelope_recipient(envelope, &position, &recipient) &&
		       forward->hop_of[number++] != index)
			;
		warn("control/smtproutes: %s: the route of %.*s", why, (int)recipient.length,
		     recipient.bytes);
		return fail(forward, VERDICT_LATER, QUEUE_NO_CONFIGURATION, "");
	}
	smtp_client_open(&hop->client, &route, result);
	if (result->verdict == VERDICT_YES)
		smtp_client_mail(&hop->client, &forward->message, result);
	if (result->verdict != VERDICT_YES)
		return false;
	while (envelope_recipient(envelope, &position, &recipient)) {
		if (forward->hop_of[number++] != index)
			continue;
		smtp_client_recipient(&hop->client, recipient, result);
		if (result->verdict != VERDICT_YES) {
			name_recipient(result, recipient);
			return false;
		}
	}
	return true;
}

/* Ask each hop to let us send. Whoever will not, or has lost patience while others were asked, says
 * so while nobody has the message. */
static bool ask(struct forward *forward)
{
	for (size_t index = 0; index < forward->count; index++) {
		smtp_client_data(&forward->hops[index]->client, forward->result);
		if (forward->result->verdict != VERDICT_YES)
			return false;
	}
	for (size_t index = 0; index < forward->count; index++) {
		smtp_client_await(&forward->hops[index]->client, forward->result);
		if (forward->result->verdict != VERDICT_YES)
			return false;
	}
	return true;
}

/* Take one answer to the message. False when it decides all: LATER. */
static bool take(struct forward *forward, struct span recipient)
{
	struct smtp_result *result = forward->result;

	switch (result->verdict) {
	case VERDICT_YES: forward->accepted++; return true;
	case VERDICT_LATER: return false;
	case VERDICT_NO: break;
	}
	if (forward->refusal.length == 0) {
		if (recipient.length)
			name_recipient(result, recipient);
		text_add(&forward->refusal, text_span(&result->words));
	}
	return true;
}

/* Send the message to a hop and take its answers. */
static bool deliver(struct forward *forward, size_t index)
{
	struct hop *hop = forward->hops[index];
	struct smtp_result *result = forward->result;
	struct span recipient, nobody = {NULL, 0};
	size_t position = 0, number = 0;

	smtp_client_send(&hop->client, &forward->submission->spool, result);
	if (result->verdict != VERDICT_YES)
		return take(forward, nobody);
	if (!hop->client.is_lmtp) {
		smtp_client_answer(&hop->client, result);
		return take(forward, nobody);
	}
	while (envelope_recipient(&forward->submission->envelope, &position, &recipient)) {
		if (forward->hop_of[number++] != index)
			continue;
		smtp_client_answer(&hop->client, result);
		if (!take(forward, recipient))
			return false;
	}
	return true;
}

/* All next hops have been asked, and none of them said LATER. */
static void conclude(struct forward *forward)
{
	struct smtp_result *result = forward->result;

	if (forward->refusal.length == 0)
		return;
	result->verdict = VERDICT_NO;
	text_clear(&result->words);
	if (forward->accepted)
		text_add_string(&result->words, "not all have it: ");
	text_add(&result->words, text_span(&forward->refusal));
}

static void run(struct forward *forward)
{
	if (!measure(forward) || !find_routes(forward))
		return;
	for (size_t index = 0; index < forward->count; index++)
		if (!offer(forward, index))
			return;
	if (!ask(forward))
		return;
	for (size_t index = 0; index < forward->count; index++) {
		if (!deliver(forward, index))
			return;
		if (forward->refusal.length && !forward->accepted)
			break; /* nobody has it: let that stand for all */
	}
	conclude(forward);
}

void forward(struct submission *submission, const struct lookup *routes,
	     const struct smtp_client_settings *settings, struct smtp_result *result)
{
	struct forward state = {
		.submission = submission, .routes = routes, .settings = settings, .result = result};

	text_init(&state.refusal, result->words.maximum);
	run(&state);
	while (state.count) {
		struct hop *hop = state.hops[--state.count];

		smtp_client_close(&hop->client);
		smtp_client_free(&hop->client);
		text_free(&hop->text);
		free(hop);
	}
	free(state.hop_of);
	text_free(&state.refusal);
}
