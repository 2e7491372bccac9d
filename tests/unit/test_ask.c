#include "host/ask.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"
#include "host/monitor.h"
#include "support/check.h"
#include "support/transcript.h"

/* The contract of struct smtp_host: each recorded conversation is held over ask, in a process of
 * its own, and over a monitor with a fake host behind it; the fake must be asked what it is asked
 * when the session has it at hand. */

/* Who answers when the monitor checks an envelope once more; that is nobody's question. */
static struct fake_host quiet;

static struct fake_host *asked(void *world)
{
	struct fake_host *fake = world;

	return fake->is_open ? &quiet : fake;
}

static enum verdict hosted(void *world, struct span domain, struct text *why)
{
	return fake_host_table(world).hosted(asked(world), domain, why);
}

static enum verdict mailbox(void *world, struct span address)
{
	return fake_host_table(world).mailbox(asked(world), address);
}

static enum verdict bad_sender(void *world, struct span address)
{
	return fake_host_table(world).bad_sender(asked(world), address);
}

/* --- the session's side --- */

static void say_nothing(void *world, struct span lines)
{
	(void)world;
	(void)lines;
}

static void do_not_wait(void *world, uint32_t seconds)
{
	(void)seconds;
	ask_flush(world);
}

static void tell_secured(void *world)
{
	struct ask *ask = world;
	size_t start = frame_begin(&ask->out, REQUEST_SECURED);

	text_add(&ask->out, SPAN("SSL_PROTOCOL=TLSv1.3\0\0"));
	frame_end(&ask->out, start, 0);
}

static _Noreturn void be_session(const struct transcript *transcript, int socket, uint32_t seed)
{
	struct client client = {.input = -1, .output = -1, .stop = -1};
	struct smtp_host host;
	struct ask ask;

	ask_init(&ask, socket, &client);
	host = ask_host(&ask);
	host.reply = say_nothing;
	host.delay = do_not_wait;
	transcript_hold(transcript, &host, tell_secured, seed);
	ask_flush(&ask);
	_exit(ask.is_lost);
}

/* --- the comparison --- */

/* What the monitor cannot see is the session's own affair. */
static void drop_replies(struct text *transcript)
{
	struct text kept;
	struct span rest = text_span(transcript), line;

	text_init(&kept, transcript->maximum);
	text_add_string(&kept, "");
	while (span_next_line(&rest, &line)) {
		if (span_starts(line, SPAN("reply ")) || span_starts(line, SPAN("delay ")))
			continue;
		text_add(&kept, line);
		text_add_byte(&kept, '\n');
	}
	text_free(transcript);
	*transcript = kept;
}

static void hold_apart(const struct transcript *transcript, struct fake_host *fake, uint32_t seed)
{
	struct settings settings = {.smtp = transcript->settings};
	struct direct direct = {.settings = &settings};
	struct monitor monitor;
	pid_t session;
	int ends[2], status;

	fake_host_restart(fake);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	session = fork();
	if (session == 0) {
		close(ends[0]);
		be_session(transcript, ends[1], seed);
	}
	close(ends[1]);
	monitor_init(&monitor, &direct);
	monitor.host = fake_host_table(fake);
	monitor.host.hosted = hosted;
	monitor.host.mailbox = mailbox;
	monitor.host.bad_sender = bad_sender;
	assert_true(monitor_serve(&monitor, ends[0], -1, session));
	monitor_free(&monitor);
	assert_int_equal(waitpid(session, &status, 0), session);
	assert_int_equal(status, 0);
	assert_false(fake->is_open);
	close(ends[0]);
}

static void check_conversation(const char *name)
{
	static char bytes[1024 * 1024];
	struct transcript transcript, unused;
	struct fake_host fake;
	struct text expected;
	char path[400];
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "tests/smtp/%s.in", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	fake_host_init(&fake);
	fake_host_init(&quiet);
	transcript_read((struct span){bytes, length}, &transcript, &fake);
	transcript_read((struct span){bytes, length}, &unused, &quiet);
	quiet.later = 0;
	text_init(&expected, fake.transcript.maximum);
	for (uint32_t seed = 0; seed < 3; seed++) {
		transcript_play(&transcript, &fake, seed);
		text_clear(&expected);
		text_add(&expected, text_span(&fake.transcript));
		drop_replies(&expected);
		hold_apart(&transcript, &fake, seed);
		drop_replies(&fake.transcript);
		if (!span_equal(text_span(&fake.transcript), text_span(&expected)))
			fail_msg("%s, seed %u:\n--- expected\n%s--- got\n%s", name, seed,
				 text_string(&expected), text_string(&fake.transcript));
	}
	text_free(&expected);
	transcript_free(&transcript);
	transcript_free(&unused);
	fake_host_free(&fake);
	fake_host_free(&quiet);
}

static void test_ask_holds_the_recorded_conversations(void **state)
{
	unsigned count = transcript_each(check_conversation);

	(void)state;
	printf("%u conversations\n", count);
	assert_true(count > 0);
}

/* --- a monitor that is gone, or is none --- */

static void test_ask_without_a_monitor_answers_later(void **state)
{
	static const struct {
		const char *name;
		struct span answer;
	} cases[] = {
		{"gone", BYTES("")},
		{"gone inside an answer", BYTES("\1\0\0\0\x10\0\0\0\1\0\0\0")},
		{"an answer to something else", BYTES("\2\0\0\0\x10\0\0\0"
						      "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
		{"an answer too long", BYTES("\1\0\0\0\0\0\0\x7f")},
		{"a verdict that is none", BYTES("\1\0\0\0\x10\0\0\0"
						 "\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
		{"a text beyond the answer", BYTES("\1\0\0\0\x10\0\0\0"
						   "\1\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0")},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct client client = {.input = -1, .output = -1, .stop = -1};
		struct smtp_answer answer = {.enhanced_code = ""};
		struct smtp_host host;
		struct text why;
		struct ask ask;
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		if (cases[index].answer.length)
			assert_true(write(ends[0], cases[index].answer.bytes,
					  cases[index].answer.length) > 0);
		shutdown(ends[0], SHUT_WR);
		ask_init(&ask, ends[1], &client);
		text_init(&why, 100);
		text_init(&answer.text, 100);
		host = ask_host(&ask);
		if (host.hosted(&ask, SPAN("example.org"), &why) != VERDICT_LATER || why.length)
			fail_msg("%s", cases[index].name);
		assert_true(client.is_gone);
		assert_int_equal(host.mailbox(&ask, SPAN("a@b")), VERDICT_LATER);
		assert_int_equal(host.authenticate(&ask, SPAN("a"), SPAN("b")), VERDICT_LATER);
		assert_int_equal(host.open(&ask, SPAN("x"), SPAN("SMTP")), VERDICT_LATER);
		assert_int_equal(host.commit(&ask, SPAN("F\0Ta\0\0"), &answer), VERDICT_LATER);
		text_free(&answer.text);
		text_free(&why);
		ask_free(&ask);
		close(ends[0]);
		close(ends[1]);
	}
}

static void test_ask_keeps_no_password(void **state)
{
	struct client client = {.input = -1, .output = -1, .stop = -1};
	char bytes[100];
	struct ask ask;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	shutdown(ends[0], SHUT_WR);
	ask_init(&ask, ends[1], &client);
	ask_host(&ask).authenticate(&ask, SPAN("joe"), SPAN("secret"));
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), FRAME_HEADER + 4 + 3 + 4 + 6);
	for (size_t index = 0; index + 6 <= ask.out.capacity; index++)
		assert_memory_not_equal(ask.out.bytes + index, "secret", 6);
	ask_free(&ask);
	close(ends[0]);
	close(ends[1]);
}

/* As when memory is short. */
static void test_ask_goes_on_without_a_login_that_has_no_room(void **state)
{
	static const char endless[2 * ASK_BLOCK];
	struct client client = {.input = -1, .output = -1, .stop = -1};
	struct ask ask;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ask_init(&ask, ends[1], &client);
	assert_int_equal(ask_host(&ask).authenticate(&ask, (struct span){endless, sizeof(endless)},
						     SPAN("secret")),
			 VERDICT_LATER);
	ask_flush(&ask);
	assert_false(ask.is_lost);
	assert_false(client.is_gone);
	ask_free(&ask);
	close(ends[0]);
	close(ends[1]);
}

/* --- the order of log and reply --- */

static uint32_t next_frame(int socket)
{
	struct frame frame = {REQUEST_COUNT, 0};
	char bytes[4096];

	if (recv(socket, bytes, FRAME_HEADER, MSG_WAITALL) == FRAME_HEADER &&
	    frame_read((struct span){bytes, FRAME_HEADER}, &frame) && frame.length)
		assert_int_equal(recv(socket, bytes, frame.length, MSG_WAITALL), frame.length);
	return frame.kind;
}

static void answer_logged(int socket)
{
	struct text answer;
	size_t start;

	text_init(&answer, 100);
	start = frame_begin(&answer, REQUEST_LOGGED);
	frame_add_number(&answer, VERDICT_YES);
	frame_add_span(&answer, SPAN(""));
	frame_add_span(&answer, SPAN(""));
	frame_end(&answer, start, 0);
	assert_int_equal(write(socket, answer.bytes, answer.length), answer.length);
	text_free(&answer);
}

static _Noreturn void refuse_twice(int socket, int network)
{
	struct client client = {.input = -1, .output = network, .stop = -1, .is_socket = true};
	struct smtp_event event = {.kind = SMTP_REFUSE, .code = 502};
	static char lines[CLIENT_GATHER - 1];
	struct smtp_host host;
	struct ask ask;

	ask_init(&ask, socket, &client);
	host = ask_host(&ask);
	host.reply(&ask, SPAN("502\r\n"));
	host.event(&ask, &event);
	ask_flush(&ask);
	client_flush(&client);
	ask_flush(&ask); /* nothing new: nothing is asked */
	host.reply(&ask, SPAN("502\r\n"));
	host.event(&ask, &event);
	host.reply(&ask, (struct span){lines, sizeof(lines)}); /* too many to be gathered */
	_exit(ask.is_lost);
}

static void test_ask_has_the_log_written_before_a_reply(void **state)
{
	int ends[2], network[2], status;
	char said[16];
	pid_t session;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, network), 0);
	session = fork();
	if (session == 0) {
		close(ends[0]);
		refuse_twice(ends[1], network[1]);
	}
	close(ends[1]);
	close(network[1]);
	for (int times = 0; times < 2; times++) {
		assert_int_equal(next_frame(ends[0]), REQUEST_EVENT);
		assert_int_equal(next_frame(ends[0]), REQUEST_LOGGED);
		assert_int_equal(recv(network[0], said, sizeof(said), MSG_DONTWAIT), -1);
		answer_logged(ends[0]);
		assert_int_equal(recv(network[0], said, 5, MSG_WAITALL), 5);
	}
	assert_int_equal(waitpid(session, &status, 0), session);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(network[0]);
}

/* Until then it may hold what a program in front of TLS looks at: is there still a reader? */
static void test_ask_starts_tls_when_the_monitor_is_at_work(void **state)
{
	int ends[2], network[2], status;
	pid_t session;
	char byte;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, network), 0);
	session = fork();
	if (session == 0) {
		struct client client = {.input = network[1], .output = network[1], .stop = -1};
		struct ask ask;

		close(ends[0]);
		ask_init(&ask, ends[1], &client);
		ask_start_tls(&ask);
		ask_flush(&ask);
		_exit(ask.is_lost);
	}
	close(ends[1]);
	close(network[1]);
	assert_int_equal(next_frame(ends[0]), REQUEST_LOGGED);
	assert_int_equal(recv(network[0], &byte, 1, MSG_DONTWAIT), -1); /* still open */
	answer_logged(ends[0]);
	assert_int_equal(recv(network[0], &byte, 1, 0), 0);
	assert_int_equal(next_frame(ends[0]), REQUEST_TLS_FAILED); /* nobody offers it here */
	assert_int_equal(next_frame(ends[0]), REQUEST_LOGGED);
	answer_logged(ends[0]);
	assert_int_equal(waitpid(session, &status, 0), session);
	assert_int_equal(status, 0);
	close(ends[0]);
	close(network[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ask_holds_the_recorded_conversations),
		cmocka_unit_test(test_ask_without_a_monitor_answers_later),
		cmocka_unit_test(test_ask_keeps_no_password),
		cmocka_unit_test(test_ask_goes_on_without_a_login_that_has_no_room),
		cmocka_unit_test(test_ask_has_the_log_written_before_a_reply),
		cmocka_unit_test(test_ask_starts_tls_when_the_monitor_is_at_work),
	};

	return cmocka_run_group_tests_name("ask", tests, NULL, NULL);
}
