#include "support/fake_host.h"

#include <assert.h>
#include <stdio.h>

#define LONGEST_SHOWN 300 /* bytes of a message shown in full */

void fake_host_init(struct fake_host *fake)
{
	*fake = (struct fake_host){.commit_verdict = VERDICT_YES};
	text_init(&fake->transcript, 64 * 1024 * 1024);
	text_init(&fake->body, 64 * 1024 * 1024);
	text_init(&fake->hosted, 4096);
	text_init(&fake->mailboxes, 4096);
	text_init(&fake->bad_sender, 4096);
	text_init(&fake->commit_text, 4096);
	text_init(&fake->users, 4096);
}

void fake_host_free(struct fake_host *fake)
{
	text_free(&fake->transcript);
	text_free(&fake->body);
	text_free(&fake->hosted);
	text_free(&fake->mailboxes);
	text_free(&fake->bad_sender);
	text_free(&fake->commit_text);
	text_free(&fake->users);
}

void fake_host_restart(struct fake_host *fake)
{
	text_clear(&fake->transcript);
	text_clear(&fake->body);
	fake->asked = fake->committed = 0;
	fake->is_open = false;
}

static bool is_plain(char byte)
{
	return byte >= ' ' && byte <= '~' && byte != '\\' && byte != '"';
}

void fake_host_escape(struct text *out, struct span bytes)
{
	char hex[5];

	for (size_t index = 0; index < bytes.length; index++) {
		unsigned char byte = (unsigned char)bytes.bytes[index];
		size_t end = index;

		/* Whole runs at once: fuzzing spends much of its time here. */
		while (end < bytes.length && is_plain(bytes.bytes[end]))
			end++;
		if (end > index) {
			text_add(out, span_head(span_tail(bytes, index), end - index));
			index = end - 1;
			continue;
		}
		if (byte == '\n')
			text_add_string(out, "\\n");
		else if (byte == '\r')
			text_add_string(out, "\\r");
		else if (byte == '\0')
			text_add_string(out, "\\0");
		else if (byte == '\\' || byte == '"')
			text_add_byte(out, '\\'), text_add_byte(out, (char)byte);
		else
			snprintf(hex, sizeof(hex), "\\x%02x", byte), text_add_string(out, hex);
	}
}

static void note(struct fake_host *fake, const char *call, struct span what, const char *answer)
{
	if (fake->body.length) {
		text_add_string(&fake->transcript, "body   \"");
		if (fake->body.length <= LONGEST_SHOWN) {
			fake_host_escape(&fake->transcript, text_span(&fake->body));
			text_add_string(&fake->transcript, "\"\n");
		} else {
			uint32_t sum = 0;

			for (size_t index = 0; index < fake->body.length; index++)
				sum = sum * 31 + (unsigned char)fake->body.bytes[index];
			text_add_string(&fake->transcript, "...\" ");
			text_add_number(&fake->transcript, fake->body.length);
			text_add_string(&fake->transcript, " bytes, sum ");
			text_add_number(&fake->transcript, sum);
			text_add_byte(&fake->transcript, '\n');
		}
		text_clear(&fake->body);
	}
	text_add_string(&fake->transcript, call);
	text_add_byte(&fake->transcript, ' ');
	for (size_t width = span_of(call).length; width < 6; width++)
		text_add_byte(&fake->transcript, ' ');
	fake_host_escape(&fake->transcript, what);
	if (answer) {
		text_add_string(&fake->transcript, " -> ");
		text_add_string(&fake->transcript, answer);
	}
	text_add_byte(&fake->transcript, '\n');
}

static const char *word(enum verdict verdict)
{
	return verdict == VERDICT_YES ? "yes" : verdict == VERDICT_NO ? "no" : "later";
}

/* Whether this question is the one that cannot be answered. */
static bool is_later(struct fake_host *fake)
{
	return ++fake->asked == fake->later;
}

static bool is_listed(const struct text *list, struct span wanted)
{
	struct span rest = text_span(list), line;

	while (span_next_line(&rest, &line))
		if (span_equal_folded(line, wanted))
			return true;
	return false;
}

static void reply(void *world, struct span lines)
{
	struct span line;

	assert(lines.length > 2 && lines.bytes[lines.length - 1] == '\n');
	while (span_next_line(&lines, &line)) {
		assert(line.length && line.bytes[line.length - 1] == '\r');
		note(world, "reply", span_head(line, line.length - 1), NULL);
	}
}

static void event(void *world, const struct smtp_event *event)
{
	static const char *const kinds[] = {"accept", "refuse", "queued", "login", "nologin"};
	char room[16384];
	struct text text;

	assert(event->has_recipient || event->recipient.length == 0); /* else it may be gone */
	text_init_in(&text, room, sizeof(room));
	text_add_number(&text, event->code);
	text_add_string(&text, " why=");
	text_add(&text, event->why);
	if (event->has_sender) {
		text_add_string(&text, " from=<");
		text_add(&text, event->sender);
		text_add_byte(&text, '>');
	}
	if (event->has_recipient) {
		text_add_string(&text, " to=<");
		text_add(&text, event->recipient);
		text_add_byte(&text, '>');
	}
	if (event->kind >= SMTP_AUTH_OK) {
		text_add_string(&text, " user=");
		text_add(&text, event->user);
	}
	if (event->kind == SMTP_QUEUED) {
		text_add_string(&text, " size=");
		text_add_number(&text, event->size);
		text_add_string(&text, " recipients=");
		text_add_number(&text, event->recipients);
	}
	assert(event->reason.length || event->kind == SMTP_ACCEPT);
	note(world, kinds[event->kind], text_span(&text), NULL);
}

static enum verdict hosted(void *world, struct span domain, struct text *why)
{
	struct fake_host *fake = world;
	enum verdict verdict = VERDICT_NO;

	if (is_later(fake)) {
		verdict = VERDICT_LATER;
	} else if (fake->has_no_list) {
		verdict = VERDICT_YES;
		text_add_string(why, "norcpthosts");
	} else if (is_listed(&fake->hosted, domain)) {
		verdict = VERDICT_YES;
		text_add_string(why, "rcpthosts");
	}
	note(fake, "hosted", domain, word(verdict));
	return verdict;
}

static enum verdict mailbox(void *world, struct span address)
{
	struct fake_host *fake = world;
	enum verdict verdict = VERDICT_YES;

	if (fake->mailboxes.length == 0)
		return verdict;
	if (is_later(fake))
		verdict = VERDICT_LATER;
	else if (!is_listed(&fake->mailboxes, address))
		verdict = VERDICT_NO;
	note(fake, "mailbox", address, word(verdict));
	return verdict;
}

static enum verdict bad_sender(void *world, struct span address)
{
	struct fake_host *fake = world;
	enum verdict verdict = is_listed(&fake->bad_sender, address);

	if (is_later(fake))
		verdict = VERDICT_LATER;
	if (fake->bad_sender.length || verdict == VERDICT_LATER)
		note(fake, "sender", address, word(verdict));
	return verdict;
}

static bool own_address(void *world, const struct address *address)
{
	const struct fake_host *fake = world;

	return fake->has_own && address_equal(address, &fake->own);
}

static void delay(void *world, uint32_t seconds)
{
	char room[100];
	struct text text;

	text_init_in(&text, room, sizeof(room));
	text_add_number(&text, seconds);
	note(world, "delay", text_span(&text), NULL);
}

static enum verdict authenticate(void *world, struct span user, struct span password)
{
	struct fake_host *fake = world;
	enum verdict verdict;
	char room[65536];
	struct text text;

	assert(user.length && span_find(user, '\0') == user.length);
	assert(password.length && span_find(password, '\0') == password.length);
	text_init_in(&text, room, sizeof(room));
	text_add(&text, user);
	text_add_byte(&text, ' ');
	text_add(&text, password);
	verdict = is_later(fake)			      ? VERDICT_LATER
		  : is_listed(&fake->users, text_span(&text)) ? VERDICT_YES
							      : VERDICT_NO;
	note(fake, "check", text_span(&text), word(verdict));
	return verdict;
}

static enum verdict open_message(void *world, struct span hello, struct span protocol)
{
	struct fake_host *fake = world;
	enum verdict verdict = is_later(fake) ? VERDICT_LATER : VERDICT_YES;
	char room[4096];
	struct text text;

	assert(!fake->is_open);
	fake->is_open = verdict == VERDICT_YES;
	text_init_in(&text, room, sizeof(room));
	text_add(&text, protocol);
	text_add_string(&text, " from ");
	text_add(&text, hello);
	note(fake, "open", text_span(&text), word(verdict));
	return verdict;
}

static void body(void *world, struct span bytes)
{
	struct fake_host *fake = world;

	assert(fake->is_open && bytes.length);
	text_add(&fake->body, bytes);
}

static enum verdict commit(void *world, struct span envelope, struct smtp_answer *answer)
{
	struct fake_host *fake = world;
	enum verdict verdict = is_later(fake) ? VERDICT_LATER : fake->commit_verdict;

	assert(fake->is_open && envelope.length > 5 && envelope.bytes[0] == 'F');
	assert(envelope.bytes[envelope.length - 1] == '\0');
	assert(envelope.bytes[envelope.length - 2] == '\0');
	fake->is_open = false;
	if (verdict == VERDICT_YES)
		fake->committed++;
	text_add(&answer->text, text_span(&fake->commit_text));
	snprintf(answer->enhanced_code, sizeof(answer->enhanced_code), "%s", fake->commit_code);
	note(fake, "commit", envelope, word(verdict));
	return verdict;
}

static void discard(void *world)
{
	struct fake_host *fake = world;

	assert(fake->is_open);
	fake->is_open = false;
	note(fake, "discard", SPAN(""), NULL);
}

struct smtp_host fake_host_table(struct fake_host *fake)
{
	return (struct smtp_host){
		.world = fake,
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
