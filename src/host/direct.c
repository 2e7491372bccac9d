#include "host/direct.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/check_password.h"
#include "host/lists.h"
#include "smtp/received.h"
#include "unix/deadline.h"
#include "unix/environment.h"
#include "unix/report.h"
#include "unix/tls_request.h"

#define LONGEST_RECEIVED 2000  /* bytes: two lines of RFC 5322 section 2.1.1 */
#define LONGEST_WHY	 16384 /* bytes */

static struct span known(const char *value)
{
	return value && *value ? span_of(value) : SPAN("unknown");
}

void direct_init(struct direct *direct, struct settings *settings, struct client *client,
		 char **password_program)
{
	const char *ip = environment_get("TCPREMOTEIP");
	struct address address;

	*direct = (struct direct){
		.settings = settings,
		.client = client,
		.log.rule = span_of(environment_get("TCPRULE")),
		.log.why = settings->smtp.may_relay ? SPAN("relayclient") : SPAN(""),
		.remote_host = known(environment_get("TCPREMOTEHOST")),
		.password_program = password_program,
		.start = deadline_now(),
	};
	direct->log.ip = known(ip);
	if (ip && address_read_client(span_of(ip), &address)) {
		address_write(&address, direct->remote_ip);
		direct->log.ip = span_of(direct->remote_ip);
	}
	text_init_short(&direct->queue_id, direct->short_queue_id, sizeof(direct->short_queue_id),
			2 * QUEUE_PROGRAM_TEXT);
	text_init(&direct->why_user, LONGEST_WHY);
	hand_off_init(&direct->hand_off, environment_get("QMAILQUEUE"));
}

void direct_free(struct direct *direct)
{
	hand_off_free(&direct->hand_off);
	interfaces_free(&direct->interfaces);
	text_free(&direct->queue_id);
	text_free(&direct->why_user);
	free(direct->own_info);
}

/* What is asked of a client and cannot be had, so that MAIL is 530 whatever it does; or NULL. */
static const char *impossible(const struct smtp_settings *smtp)
{
	bool has_tls = smtp->is_secured || smtp->tls == SMTP_TLS_OFFERED;

	if (smtp->requires_tls && !has_tls)
		return "no TLS for UCSPITLS=!";
	if (smtp->requires_auth && !smtp->offers_auth)
		return "no checkpassword program for SMTPAUTH=!";
	if (smtp->requires_auth && !has_tls && !smtp->allows_clear_auth)
		return "neither TLS nor ALLOW_INSECURE_AUTH for SMTPAUTH=!";
	return NULL;
}

void direct_begin(struct direct *direct)
{
	const char *lacking;

	if (direct->has_begun)
		return;
	direct->has_begun = true;
	lacking = impossible(&direct->settings->smtp);
	log_connect(&direct->log, direct->remote_host);
	if (direct->settings->smtp.is_secured)
		log_tls(&direct->log, span_of(environment_get("SSL_PROTOCOL")),
			span_of(environment_get("SSL_CIPHER")));
	if (!direct->settings->rcpthosts.exists)
		warn("there is no control/rcpthosts: every recipient is accepted");
	if (lacking)
		warn("there is %s: no mail is accepted", lacking);
}

void direct_end(struct direct *direct, const struct smtp_totals *totals)
{
	direct_begin(direct); /* a client that has gone before its greeting */
	log_end(&direct->log, totals, deadline_now() - direct->start);
}

/* --- the client --- */

static void reply(void *world, struct span lines)
{
	struct direct *direct = world;

	client_say(direct->client, lines);
}

static void event(void *world, const struct smtp_event *what)
{
	struct direct *direct = world;

	log_event(&direct->log, what, text_span(&direct->queue_id),
		  deadline_now() - direct->message);
}

static void delay(void *world, uint32_t seconds)
{
	struct direct *direct = world;

	client_flush(direct->client);
	client_pause(direct->client, (uint64_t)seconds * 1000);
}

/* --- the lists --- */

static enum verdict hosted(void *world, struct span domain, struct text *why)
{
	struct direct *direct = world;
	struct lists lists = {direct->settings, NULL};

	return lists_hosted(&lists, domain, why);
}

static enum verdict mailbox(void *world, struct span address)
{
	struct direct *direct = world;
	struct lists lists = {direct->settings, NULL};

	return lists_mailbox(&lists, address);
}

static enum verdict bad_sender(void *world, struct span address)
{
	struct direct *direct = world;
	struct lists lists = {direct->settings, NULL};

	return lists_bad_sender(&lists, address);
}

static bool own_address(void *world, const struct address *address)
{
	struct direct *direct = world;

	return interfaces_have(&direct->interfaces, address);
}

/* --- who the client is --- */

/* Received and the queue program are told by TCPREMOTEINFO. False: no memory. */
static bool know_user(struct direct *direct, struct span user)
{
	const char *info = environment_get("TCPREMOTEINFO");

	text_clear(&direct->why_user);
	text_add_string(&direct->why_user, "auth:");
	text_add(&direct->why_user, user);
	direct->own_info = info ? strdup(info) : NULL;
	if (direct->why_user.failed || (info && !direct->own_info)) {
		text_clear(&direct->why_user);
		free(direct->own_info);
		direct->own_info = NULL;
		return false;
	}
	/* The session has seen to it that there is no NUL in it. */
	environment_set("TCPREMOTEINFO", direct->why_user.bytes + strlen("auth:"));
	if (!direct->settings->smtp.may_relay)
		direct->log.why = text_span(&direct->why_user);
	return true;
}

static void forget_user(struct direct *direct)
{
	if (direct->why_user.length == 0)
		return;
	if (direct->own_info)
		environment_set("TCPREMOTEINFO", direct->own_info);
	else
		environment_unset("TCPREMOTEINFO");
	free(direct->own_info);
	direct->own_info = NULL;
	if (!direct->settings->smtp.may_relay)
		direct->log.why = SPAN("");
	text_clear(&direct->why_user);
}

static enum verdict authenticate(void *world, struct span user, struct span password)
{
	struct direct *direct = world;
	const char *trouble = NULL;
	enum verdict verdict;

	client_flush(direct->client);
	verdict = check_password(direct->password_program, user, password, CHECK_PASSWORD_SECONDS,
				 direct->client->stop, &trouble);
	if (verdict == VERDICT_LATER && trouble)
		warn("unable to ask %s for a password: %s", direct->password_program[0], trouble);
	else if (verdict == VERDICT_LATER)
		warn_errno("unable to run %s", direct->password_program[0]);
	else if (trouble)
		warn("%s is no checkpassword program: %s", direct->password_program[0], trouble);
	if (verdict == VERDICT_YES && !know_user(direct, user))
		return VERDICT_LATER;
	return verdict;
}

void direct_secured(struct direct *direct, struct text *list)
{
	tls_request_set(list);
	forget_user(direct);
	log_tls(&direct->log, span_of(environment_get("SSL_PROTOCOL")),
		span_of(environment_get("SSL_CIPHER")));
}

void direct_tls_failed(struct direct *direct)
{
	warn_errno("unable to start TLS with %.*s", (int)direct->log.ip.length,
		   direct->log.ip.bytes);
}

bool direct_start_tls(void *world)
{
	struct direct *direct = world;
	struct text list;
	bool is_secured;

	text_init(&list, TLS_REQUEST_LIST);
	is_secured = client_start_tls(direct->client, &list) == 0;
	if (is_secured)
		direct_secured(direct, &list);
	else
		direct_tls_failed(direct);
	text_free(&list);
	return is_secured;
}

/* --- the message --- */

static void write_received(struct direct *direct, struct span hello, struct span protocol)
{
	const char *remote_info = environment_get("TCPREMOTEINFO");
	struct received fields = {
		.remote_host = direct->remote_host,
		.remote_ip = direct->log.ip,
		.has_remote_info = remote_info != NULL,
		.remote_info = span_of(remote_info),
		.hello = hello,
		.local_host = text_span(&direct->settings->me),
		.protocol = protocol,
		.seconds = time(NULL),
	};
	char room[LONGEST_RECEIVED + 1];
	struct text field;

	text_init_in(&field, room, sizeof(room));
	received_write(&fields, &field);
	if (field.failed)
		hand_off_spoil(&direct->hand_off); /* without it no loop would ever be seen */
	hand_off_write(&direct->hand_off, text_span(&field));
}

/* Whoever takes the message may take his time, and a client must not wait with it for what was
 * decided long before: RFC 2920 section 3.2. So replies are let out first. */
static enum verdict open_message(void *world, struct span hello, struct span protocol)
{
	struct direct *direct = world;

	direct->message = deadline_now();
	text_clear(&direct->queue_id);
	if (hand_off_lingers(&direct->hand_off))
		client_flush(direct->client);
	if (hand_off_open(&direct->hand_off) == -1) {
		warn_errno("unable to run %s", direct->hand_off.name);
		return VERDICT_LATER;
	}
	write_received(direct, hello, protocol);
	return VERDICT_YES;
}

void direct_prepare(void *world)
{
	struct direct *direct = world;

	hand_off_prepare(&direct->hand_off);
}

static void body(void *world, struct span bytes)
{
	struct direct *direct = world;

	client_flush(direct->client);
	hand_off_write(&direct->hand_off, bytes);
}

static void discard(void *world)
{
	struct direct *direct = world;

	hand_off_abandon(&direct->hand_off);
}

static enum verdict commit(void *world, struct span envelope, struct smtp_answer *answer)
{
	struct direct *direct = world;
	unsigned long process = hand_off_process(&direct->hand_off);
	struct queue_result result;
	enum verdict verdict;

	client_flush(direct->client);
	if (direct->client->is_gone) {
		hand_off_abandon(&direct->hand_off);
		return VERDICT_LATER;
	}
	result = hand_off_close(&direct->hand_off, envelope);
	verdict = queue_status_read(&result, &answer->text, answer->enhanced_code);
	if (verdict != VERDICT_YES)
		return verdict;
	text_add_string(&answer->text, "ok ");
	text_add_number(&answer->text, (uint64_t)time(NULL));
	text_add_string(&answer->text, " qp ");
	text_add_number(&answer->text, process);
	if (result.text.length)
		text_add(&direct->queue_id, span_head(result.text, span_find(result.text, '\n')));
	else
		text_add_number(&direct->queue_id, process);
	return VERDICT_YES;
}

struct smtp_host direct_host(struct direct *direct)
{
	return (struct smtp_host){
		.world = direct,
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
