#include "host/dialogue.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/check.h"
#include "support/fake_host.h"

/* A dialogue over a socket pair; ends[0] is the client. Replies go to the transcript. */
struct world {
	struct settings settings;
	struct client client;
	struct fake_host fake;
	struct dialogue_room room;
	struct dialogue dialogue;
	int ends[2];
	unsigned flushed, started;
};

static struct world *current;

static void count_flush(void *fake)
{
	assert_ptr_equal(fake, &current->fake);
	current->flushed++;
}

static bool start_tls(void *fake)
{
	assert_ptr_equal(fake, &current->fake);
	current->started++;
	return current->started == 1;
}

static void open_world(struct world *world, uint32_t greet_delay)
{
	world->settings = (struct settings){.timeout_seconds = 1, .greet_delay = greet_delay};
	world->flushed = world->started = 0;
	current = world;
	world->settings.smtp = (struct smtp_settings){
		.greeting = SPAN("mail.example.org"),
		.local_ip_host = SPAN("mail.example.org"),
		.most_recipients = 10,
		.tls = SMTP_TLS_OFFERED,
	};
	fake_host_init(&world->fake);
	text_add_string(&world->fake.hosted, "example.org\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world->ends), 0);
	client_init(&world->client, world->ends[1], world->ends[1]);
	world->dialogue = (struct dialogue){
		.room = &world->room,
		.client = &world->client,
		.settings = &world->settings,
		.host = fake_host_table(&world->fake),
		.start_tls = start_tls,
		.flush = count_flush,
	};
}

static void close_world(struct world *world)
{
	fake_host_free(&world->fake);
	close(world->client.stop);
	close(world->ends[0]);
	close(world->ends[1]);
}

static void say(struct world *world, const char *lines)
{
	assert_int_equal(write(world->ends[0], lines, strlen(lines)), (ssize_t)strlen(lines));
}

static bool heard(struct world *world, const char *line)
{
	return strstr(text_string(&world->fake.transcript), line) != NULL;
}

/* SIGTERM was noticed, and is no more. */
static void take_stop(void)
{
	sigset_t stop;
	int number;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigwait(&stop, &number);
}

static void test_dialogue_serves_until_the_client_has_said_all(void **state)
{
	static struct world world;
	struct smtp_totals totals;

	(void)state;
	open_world(&world, 0);
	say(&world, "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@example.org>\r\nQUIT\r\n");
	dialogue_hold(&world.dialogue, &totals);
	assert_int_equal(totals.commands, 4);
	assert_true(heard(&world, "reply  220 mail.example.org ESMTP\n"));
	assert_true(heard(&world, "hosted example.org -> yes\n"));
	assert_true(heard(&world, "reply  221 "));
	assert_true(world.flushed > 1);
	assert_true(world.client.has_said_all);
	close_world(&world);
}

static void test_dialogue_ends_as_the_client_does(void **state)
{
	static const struct {
		const char *name, *lines, *last;
		bool hangs_up, stops;
	} cases[] = {
		{"gone", "NOOP\r\n", "reply  250 ok\n", true, false},
		{"gone inside a message",
		 "HELO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@example.org>\r\nDATA\r\nx\r\n",
		 "discard \n", true, false},
		{"slow", "NOOP\r\n", "reply  451 timeout (#4.4.2)\n", false, false},
		{"asked to stop", "", "reply  421 ", false, true},
	};
	static struct world world;
	struct smtp_totals totals;

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		open_world(&world, 0);
		say(&world, cases[index].lines);
		if (cases[index].hangs_up)
			shutdown(world.ends[0], SHUT_WR);
		if (cases[index].stops)
			raise(SIGTERM); /* blocked, so that it waits to be noticed */
		dialogue_hold(&world.dialogue, &totals);
		if (!heard(&world, cases[index].last))
			fail_msg("%s: %s", cases[index].name, world.fake.transcript.bytes);
		assert_false(world.client.has_said_all);
		if (cases[index].stops)
			take_stop();
		close_world(&world);
	}
}

static void test_dialogue_starts_tls_and_forgets_what_was_said(void **state)
{
	static struct world world;
	struct smtp_totals totals;

	(void)state;
	open_world(&world, 0);
	say(&world, "EHLO x\r\nSTARTTLS\r\nNOOP\r\n");
	shutdown(world.ends[0], SHUT_WR);
	dialogue_hold(&world.dialogue, &totals);
	assert_int_equal(world.started, 1);
	assert_true(heard(&world, "reply  220 "));
	assert_false(heard(&world, "250 2.0.0 ok"));
	close_world(&world);
}

static void test_dialogue_keeps_no_password(void **state)
{
	static const char *const ways[] = {
		"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n",
		"AUTH PLAIN AGFubgBzZWNyZXQ=\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
		"MAIL FROM:<a@b>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n.\r\nAUTH PLAIN "
		"AGFubgBzZWNyZXQ=\r\n",
	};
	static char long_lines[DIALOGUE_BLOCK + 1000];
	static struct world world;
	struct smtp_totals totals;

	(void)state;
	memset(long_lines, 'x', sizeof(long_lines) - 1);
	for (size_t index = 0; index <= LENGTH(ways); index++) {
		open_world(&world, 0);
		world.settings.smtp.offers_auth = true;
		world.settings.smtp.allows_clear_auth = true;
		text_add_string(&world.fake.users, "ann secret\n");
		say(&world, "EHLO x\r\n");
		if (index == LENGTH(ways)) { /* what it is in has bytes of messages at both ends */
			say(&world, "MAIL FROM:<a@b>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n");
			say(&world, long_lines);
			say(&world, "\r\n.\r\n");
			say(&world, ways[1]);
		} else {
			say(&world, ways[index]);
		}
		shutdown(world.ends[0], SHUT_WR);
		dialogue_hold(&world.dialogue, &totals);
		assert_true(heard(&world, "reply  235 "));
		assert_null(memmem(&world.room, sizeof(world.room), "AGFubgBz", 8));
		close_world(&world);
	}
}

static void test_dialogue_greets_later_only_who_keeps_silent(void **state)
{
	static struct world world;
	struct smtp_totals totals;
	char bytes[100];

	(void)state;
	open_world(&world, 1);
	say(&world, "EHLO x\r\n");
	dialogue_hold(&world.dialogue, &totals);
	assert_true(heard(&world, "refuse 554 why="));
	assert_false(heard(&world, "reply  220"));
	assert_int_equal(read(world.ends[0], bytes, sizeof(bytes)), 38);
	assert_memory_equal(bytes, "554 smtp protocol violation (#5.5.1)\r\n", 38);
	close_world(&world);

	open_world(&world, 1);
	shutdown(world.ends[0], SHUT_RDWR);
	dialogue_hold(&world.dialogue, &totals);
	assert_false(heard(&world, "reply  220"));
	close_world(&world);

	open_world(&world, 60);
	raise(SIGTERM); /* blocked, so that it waits to be noticed */
	dialogue_hold(&world.dialogue, &totals);
	take_stop();
	assert_true(heard(&world, "refuse 421 why="));
	assert_int_equal(read(world.ends[0], bytes, sizeof(bytes)), 41);
	assert_memory_equal(bytes, "421 this host is shutting down (#4.3.2)\r\n", 41);
	close_world(&world);

	open_world(&world, 1); /* and who says nothing afterwards either */
	dialogue_hold(&world.dialogue, &totals);
	assert_true(heard(&world, "reply  220"));
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogue_serves_until_the_client_has_said_all),
		cmocka_unit_test(test_dialogue_ends_as_the_client_does),
		cmocka_unit_test(test_dialogue_starts_tls_and_forgets_what_was_said),
		cmocka_unit_test(test_dialogue_keeps_no_password),
		cmocka_unit_test(test_dialogue_greets_later_only_who_keeps_silent),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("dialogue", tests, NULL, NULL);
}
