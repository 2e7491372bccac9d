#include "explain/trial.h"

#include "host/lists.h"
#include "smtp/session.h"

#define LONGEST_TEXT 8192 /* bytes */

void trial_init(struct trial *trial, struct settings *settings)
{
	*trial = (struct trial){.settings = settings};
	record_init(&trial->record);
	text_init(&trial->mail_reply, LONGEST_TEXT);
	text_init(&trial->reply, LONGEST_TEXT);
	text_init(&trial->why, LONGEST_TEXT);
	text_init(&trial->address, LONGEST_TEXT);
}

void trial_free(struct trial *trial)
{
	record_free(&trial->record);
	interfaces_free(&trial->interfaces);
	text_free(&trial->mail_reply);
	text_free(&trial->reply);
	text_free(&trial->why);
	text_free(&trial->address);
}

/* --- the world of the session --- */

static void reply(void *world, struct span lines)
{
	struct trial *trial = world;

	text_add(&trial->reply, lines);
}

/* Replies are told apart by code and text: no two rows have both alike. */
static enum smtp_reply row_of(uint32_t code, struct span text)
{
	for (int row = 0; row < REPLY_COUNT; row++)
		if (smtp_replies[row].code == code && smtp_replies[row].text &&
		    span_equal(text, span_of(smtp_replies[row].text)))
			return (enum smtp_reply)row;
	return REPLY_NONE;
}

static void event(void *world, const struct smtp_event *what)
{
	struct trial *trial = world;

	trial->said =
		what->kind == SMTP_ACCEPT ? REPLY_RECIPIENT_OK : row_of(what->code, what->reason);
	text_clear(&trial->why);
	text_clear(&trial->address);
	text_add(&trial->why, what->why);
	if (what->has_recipient)
		text_add(&trial->address, what->recipient);
}

static enum verdict hosted(void *world, struct span domain, struct text *why)
{
	struct trial *trial = world;
	struct lists lists = {trial->settings, &trial->record};

	trial->was_hosted_asked = true;
	trial->hosted = lists_hosted(&lists, domain, why);
	return trial->hosted;
}

static enum verdict mailbox(void *world, struct span address)
{
	struct trial *trial = world;
	struct lists lists = {trial->settings, &trial->record};

	trial->was_mailbox_asked = true;
	trial->mailbox = lists_mailbox(&lists, address);
	return trial->mailbox;
}

static enum verdict bad_sender(void *world, struct span address)
{
	struct trial *trial = world;
	struct lists lists = {trial->settings, &trial->record};

	return lists_bad_sender(&lists, address);
}

static bool own_address(void *world, const struct address *address)
{
	struct trial *trial = world;

	return interfaces_have(&trial->interfaces, address);
}

static void delay(void *world, uint32_t seconds)
{
	(void)world;
	(void)seconds;
}

/* No message is ever begun. */
static enum verdict open_message(void *world, struct span hello, struct span protocol)
{
	(void)world;
	(void)hello;
	(void)protocol;
	return VERDICT_LATER;
}

static void body(void *world, struct span bytes)
{
	(void)world;
	(void)bytes;
}

static enum verdict commit(void *world, struct span envelope, struct smtp_answer *answer)
{
	(void)world;
	(void)envelope;
	(void)answer;
	return VERDICT_LATER;
}

static void discard(void *world)
{
	(void)world;
}

/* --- the client --- */

static bool has_beyond_ascii(struct span bytes)
{
	for (size_t index = 0; index < bytes.length; index++)
		if (span_byte(bytes, index) >= 0x80)
			return true;
	return false;
}

static void add_path(struct text *command, struct span address)
{
	bool has_brackets = span_byte(address, 0) == '<';

	if (!has_brackets)
		text_add_byte(command, '<');
	text_add(command, address);
	if (!has_brackets)
		text_add_byte(command, '>');
}

/* Say a command and take its reply; the reply is the last line of what comes. */
static void say(struct trial *trial, struct smtp_session *session, struct text *command)
{
	struct text *said = &trial->reply;

	text_add_string(command, "\r\n");
	text_clear(said);
	trial->said = REPLY_NONE;
	smtp_session_feed(session, text_span(command));
	trial->failed |= command->failed;
	text_clear(command);
	if (said->length >= 2)
		text_cut(said, said->length - 2);
}

static void forget(struct trial *trial)
{
	record_clear(&trial->record);
	text_clear(&trial->mail_reply);
	text_clear(&trial->reply);
	text_clear(&trial->why);
	text_clear(&trial->address);
	trial->was_hosted_asked = trial->was_mailbox_asked = trial->failed = false;
}

static void converse(struct trial *trial, struct smtp_session *session, bool says_helo,
		     struct span sender, struct span recipient)
{
	struct text command;

	text_init(&command, 256 * 1024);
	text_add_string(&command, says_helo ? "HELO client.invalid" : "EHLO client.invalid");
	say(trial, session, &command);

	text_add_string(&command, "MAIL FROM:");
	add_path(&command, sender);
	if (!says_helo && (has_beyond_ascii(sender) || has_beyond_ascii(recipient)))
		text_add_string(&command, " SMTPUTF8");
	say(trial, session, &command);
	trial->mail_said = trial->said == REPLY_NONE ? REPLY_SENDER_OK : trial->said;
	text_add(&trial->mail_reply, text_span(&trial->reply));

	text_add_string(&command, "RCPT TO:");
	add_path(&command, recipient);
	text_clear(&trial->why);
	text_clear(&trial->address);
	say(trial, session, &command);
	text_free(&command);
}

void trial_hold(struct trial *trial, bool says_helo, struct span sender, struct span recipient)
{
	struct smtp_host host = {
		.world = trial,
		.reply = reply,
		.event = event,
		.hosted = hosted,
		.mailbox = mailbox,
		.bad_sender = bad_sender,
		.own_address = own_address,
		.delay = delay,
		.open = open_message,
		.body = body,
		.commit = commit,
		.discard = discard,
	};
	struct smtp_settings settings = trial->settings->smtp;
	struct smtp_session *session;
	struct smtp_room room;

	forget(trial);
	settings.most_errors = 0; /* whoever is refused only once is not hung up on */
	session = smtp_session_new(&settings, &host, &room);
	converse(trial, session, says_helo, sender, recipient);
	smtp_session_free(session);
	trial->failed |= trial->record.failed || trial->reply.failed || trial->mail_reply.failed ||
			 trial->why.failed || trial->address.failed;
}

enum verdict trial_verdict(const struct trial *trial)
{
	if (trial->failed || trial->said == REPLY_CANNOT_CHECK || trial->said == REPLY_NO_MEMORY ||
	    trial->mail_said == REPLY_CANNOT_CHECK || trial->mail_said == REPLY_NO_MEMORY)
		return VERDICT_LATER;
	return trial->said == REPLY_RECIPIENT_OK ? VERDICT_YES : VERDICT_NO;
}
