#include "host/direct.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/capture.h"
#include "support/check.h"
#include "support/control_directory.h"
#include "unix/file.h"
#include "unix/report.h"

/* A session's world over a socket pair; ends[0] is the client. */
struct world {
	struct settings settings;
	struct client client;
	struct direct direct;
	struct smtp_host host;
	int ends[2];
};

static int make(void **state)
{
	report_begin("smtpd");
	report_more();
	signal(SIGPIPE, SIG_IGN);
	return control_directory_make(state);
}

static int start_fresh(void **state)
{
	static const char *const variables[] = {"RELAYCLIENT",	 "TCPREMOTEIP", "TCPREMOTEHOST",
						"TCPREMOTEINFO", "TCPRULE",	"QMAILQUEUE"};

	(void)state;
	for (size_t index = 0; index < LENGTH(variables); index++)
		unsetenv(variables[index]);
	control_directory_clear();
	control_directory_put("me", SPAN("mail.example.org\n"));
	return 0;
}

static void open_world(struct world *world)
{
	struct text why;

	text_init(&why, 10000);
	if (!settings_read(&world->settings, false, &why))
		fail_msg("%s", text_string(&why));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, world->ends), 0);
	client_init(&world->client, world->ends[1], world->ends[1]);
	direct_init(&world->direct, &world->settings, &world->client, NULL);
	world->host = direct_host(&world->direct);
}

static void close_world(struct world *world)
{
	direct_free(&world->direct);
	settings_free(&world->settings);
	close(world->client.stop);
	close(world->ends[0]);
	close(world->ends[1]);
}

/* Make the queue program this shell script. */
static void use_queue(const char *commands)
{
	static unsigned number; /* a shell opens its script late: never the same name twice */
	char name[30], path[200], contents[1000];

	snprintf(name, sizeof(name), "queue.%u", number++);
	snprintf(contents, sizeof(contents), "#!/bin/sh\ncd $CONTROLDIR\n%s\n", commands);
	control_directory_put(name, span_of(contents));
	assert_int_equal(chmod(control_directory_path(name, path), 0700), 0);
	setenv("QMAILQUEUE", path, 1);
}

static void read_file(const char *name, struct text *contents)
{
	char path[200];
	int descriptor = open(control_directory_path(name, path), O_RDONLY | O_CLOEXEC);

	if (descriptor == -1)
		fail_msg("there is no %s", name);
	assert_int_equal(file_read_all(descriptor, contents), 0);
	close(descriptor);
}

static enum verdict ask_hosted(struct world *world, const char *domain, const char *expected)
{
	struct text why;
	enum verdict verdict;

	text_init(&why, 100);
	verdict = world->host.hosted(world->host.world, span_of(domain), &why);
	CHECK_SPAN(domain, text_span(&why), expected);
	text_free(&why);
	return verdict;
}

static void test_direct_asks_the_control_files(void **state)
{
	static const char *const more[] = {"more.example", NULL};
	static const char *const mailboxes[] = {"ann@example.org", NULL};
	struct smtp_host *host;
	struct address address;
	struct world world;

	(void)state;
	control_directory_put("rcpthosts", SPAN("Example.ORG\n.wild.example\n"));
	control_directory_put_cdb("morercpthosts.cdb", more);
	control_directory_put_cdb("recipients.cdb", mailboxes);
	control_directory_put("badmailfrom", SPAN("@Spam.example\n"));
	open_world(&world);
	host = &world.host;
	assert_int_equal(ask_hosted(&world, "example.org", "rcpthosts"), VERDICT_YES);
	assert_int_equal(ask_hosted(&world, "a.wild.example", "rcpthosts"), VERDICT_YES);
	assert_int_equal(ask_hosted(&world, "more.example", "morercpthosts"), VERDICT_YES);
	assert_int_equal(ask_hosted(&world, "elsewhere.example", ""), VERDICT_NO);
	assert_int_equal(host->mailbox(host->world, SPAN("Ann@example.org")), VERDICT_YES);
	assert_int_equal(host->mailbox(host->world, SPAN("bob@example.org")), VERDICT_NO);
	assert_int_equal(host->bad_sender(host->world, SPAN("x@SPAM.example")), VERDICT_YES);
	assert_int_equal(host->bad_sender(host->world, SPAN("x@ham.example")), VERDICT_NO);
	assert_true(address_read("127.0.0.1", &address));
	assert_true(host->own_address(host->world, &address));
	assert_true(address_read("192.0.2.1", &address));
	assert_false(host->own_address(host->world, &address));
	close_world(&world);
}

static void test_direct_without_files_takes_everything(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	assert_int_equal(ask_hosted(&world, "elsewhere.example", "norcpthosts"), VERDICT_YES);
	assert_int_equal(world.host.mailbox(world.host.world, SPAN("a@b")), VERDICT_YES);
	assert_int_equal(world.host.bad_sender(world.host.world, SPAN("a@b")), VERDICT_NO);
	close_world(&world);
}

static void test_direct_a_cdb_that_changes_answers_later(void **state)
{
	static const char *const list[] = {"ann@example.org", NULL};
	struct capture capture;
	struct world world;
	struct text said;
	char path[200];

	(void)state;
	control_directory_put("rcpthosts", SPAN("example.org\n"));
	control_directory_put_cdb("morercpthosts.cdb", list);
	control_directory_put_cdb("recipients.cdb", list);
	open_world(&world);
	assert_int_equal(truncate(control_directory_path("recipients.cdb", path), 100), 0);
	assert_int_equal(truncate(control_directory_path("morercpthosts.cdb", path), 100), 0);
	capture = capture_begin();
	assert_int_equal(world.host.mailbox(world.host.world, SPAN("bob@example.org")),
			 VERDICT_LATER);
	assert_int_equal(ask_hosted(&world, "elsewhere.example", ""), VERDICT_LATER);
	assert_int_equal(ask_hosted(&world, "example.org", "rcpthosts"), VERDICT_YES);
	text_init(&said, 10000);
	capture_end(&capture, &said);
	assert_non_null(strstr(said.bytes, "warning: control/recipients.cdb"));
	assert_non_null(strstr(said.bytes, "warning: control/morercpthosts.cdb"));
	text_free(&said);
	close_world(&world);
}

static void test_direct_logs_who_is_served(void **state)
{
	static const struct {
		const char *name, *ip, *rule, *relay_client, *line;
	} cases[] = {
		{"mapped", "::ffff:192.0.2.1", "192.0.2.1", "",
		 "connect ip=192.0.2.1 rule=192.0.2.1 why=relayclient host=unknown\n"},
		{"the rule for everybody", "2001:DB8::1", "", NULL,
		 "connect ip=2001:db8::1 rule= why=- host=unknown\n"},
		{"nothing known", NULL, NULL, NULL,
		 "connect ip=unknown rule=- why=- host=unknown\n"},
		{"no address", "a b", NULL, NULL, "connect ip=a?b rule=- why=- host=unknown\n"},
	};

	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct capture capture;
		struct world world;
		struct text said;

		start_fresh(state);
		if (cases[index].ip)
			setenv("TCPREMOTEIP", cases[index].ip, 1);
		if (cases[index].rule)
			setenv("TCPRULE", cases[index].rule, 1);
		if (cases[index].relay_client)
			setenv("RELAYCLIENT", cases[index].relay_client, 1);
		open_world(&world);
		capture = capture_begin();
		direct_begin(&world.direct);
		direct_begin(&world.direct); /* once is enough */
		text_init(&said, 10000);
		capture_end(&capture, &said);
		if (!strstr(said.bytes, cases[index].line))
			fail_msg("%s: %s", cases[index].name, said.bytes);
		assert_null(strstr(strstr(said.bytes, "connect ip=") + 1, "connect ip="));
		assert_non_null(strstr(said.bytes, "warning: there is no control/rcpthosts"));
		text_free(&said);
		close_world(&world);
	}
}

static void test_direct_who_has_gone_at_once_was_there(void **state)
{
	const struct smtp_totals totals = {0, 0, 0};
	struct capture capture;
	struct world world;
	struct text said;
	const char *end;

	(void)state;
	open_world(&world);
	capture = capture_begin();
	direct_end(&world.direct, &totals);
	text_init(&said, 10000);
	capture_end(&capture, &said);
	end = strstr(said.bytes, "info: end ip=");
	assert_non_null(end);
	assert_in_range(strstr(said.bytes, "info: connect ip=") - said.bytes, 0, end - said.bytes);
	text_free(&said);
	close_world(&world);
}

static void test_direct_hands_a_message_over(void **state)
{
	struct smtp_answer answer = {.enhanced_code = ""};
	struct text message, envelope;
	struct world world;

	(void)state;
	setenv("TCPREMOTEIP", "192.0.2.1", 1);
	setenv("TCPREMOTEHOST", "pc.example.org", 1);
	setenv("TCPREMOTEINFO", "joe", 1);
	use_queue("cat >message; cat <&1 >envelope; echo unseen; exit 0");
	text_init(&answer.text, 1000);
	text_init(&message, 10000);
	text_init(&envelope, 10000);
	open_world(&world);
	assert_int_equal(world.host.open(world.host.world, SPAN("hello.example"), SPAN("ESMTP")),
			 VERDICT_YES);
	world.host.body(world.host.world, SPAN("Subject: x\n"));
	world.host.body(world.host.world, SPAN("\nbody\n"));
	assert_int_equal(world.host.commit(world.host.world, SPAN("Fa@b\0Tc@d\0\0"), &answer),
			 VERDICT_YES);
	assert_true(span_starts(text_span(&answer.text), SPAN("ok ")));
	assert_non_null(strstr(answer.text.bytes, " qp "));
	assert_int_equal(answer.enhanced_code[0], '\0');
	read_file("message", &message);
	read_file("envelope", &envelope);
	assert_true(span_starts(
		text_span(&message),
		SPAN("Received: from pc.example.org (HELO hello.example) (joe@192.0.2.1)\n"
		     "  by mail.example.org with ESMTP; ")));
	assert_true(span_ends_folded(text_span(&message), SPAN("\nSubject: x\n\nbody\n")));
	assert_true(span_equal(text_span(&envelope), SPAN("Fa@b\0Tc@d\0\0")));
	close_world(&world);
	text_free(&answer.text);
	text_free(&message);
	text_free(&envelope);
}

static void test_direct_says_why_a_message_was_not_taken(void **state)
{
	static const struct {
		const char *name, *script;
		enum verdict verdict;
		const char *enhanced_code, *reason;
	} cases[] = {
		{"refused", "cat >/dev/null; exit 31", VERDICT_NO, "5.3.0",
		 "mail server permanently rejected message (#5.3.0)"},
		{"its own words", "cat >/dev/null; echo 'Dspam (#5.7.1)' >&4; exit 82", VERDICT_NO,
		 "5.7.1", "spam (#5.7.1)"},
		{"not read", "exit 0", VERDICT_LATER, "4.3.0", "qq read error (#4.3.0)"},
		{"crashed", "kill -SEGV $$", VERDICT_LATER, "4.3.0", "qq crashed (#4.3.0)"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct smtp_answer answer = {.enhanced_code = ""};
		struct world world;

		text_init(&answer.text, 1000);
		use_queue(cases[index].script);
		open_world(&world);
		assert_int_equal(world.host.open(world.host.world, SPAN(""), SPAN("SMTP")),
				 VERDICT_YES);
		world.host.body(world.host.world, SPAN("body\n"));
		if (world.host.commit(world.host.world, SPAN("F\0Tc@d\0\0"), &answer) !=
		    cases[index].verdict)
			fail_msg("%s: wrong verdict", cases[index].name);
		CHECK_SPAN(cases[index].name, text_span(&answer.text), cases[index].reason);
		assert_string_equal(answer.enhanced_code, cases[index].enhanced_code);
		close_world(&world);
		text_free(&answer.text);
	}
}

static void test_direct_a_missing_queue_program_is_for_later(void **state)
{
	struct capture capture;
	struct world world;
	struct text said;

	(void)state;
	setenv("QMAILQUEUE", "/nowhere/queue", 1);
	open_world(&world);
	capture = capture_begin();
	assert_int_equal(world.host.open(world.host.world, SPAN(""), SPAN("SMTP")), VERDICT_LATER);
	text_init(&said, 10000);
	capture_end(&capture, &said);
	assert_non_null(strstr(said.bytes, "unable to run /nowhere/queue: No such file"));
	text_free(&said);
	close_world(&world);
}

static void test_direct_completes_nothing_for_who_has_gone(void **state)
{
	struct smtp_answer answer = {.enhanced_code = ""};
	struct text envelope;
	struct world world;

	(void)state;
	use_queue("cat >/dev/null; cat <&1 >part; mv part envelope");
	text_init(&answer.text, 1000);
	text_init(&envelope, 1000);
	open_world(&world);
	assert_int_equal(world.host.open(world.host.world, SPAN(""), SPAN("SMTP")), VERDICT_YES);
	assert_int_equal(shutdown(world.ends[0], SHUT_RDWR), 0);
	world.host.reply(world.host.world, SPAN("354 go ahead\r\n"));
	world.host.delay(world.host.world, 60); /* flushes, and is over at once */
	assert_int_equal(world.host.commit(world.host.world, SPAN("F\0Tc@d\0\0"), &answer),
			 VERDICT_LATER);
	/* The next one waits until the first has ended. */
	assert_int_equal(world.host.open(world.host.world, SPAN(""), SPAN("SMTP")), VERDICT_YES);
	world.host.discard(world.host.world);
	read_file("envelope", &envelope);
	assert_int_equal(envelope.length, 0);
	close_world(&world);
	text_free(&answer.text);
	text_free(&envelope);
}

static void test_direct_delay_flushes_first(void **state)
{
	struct pollfd polled;
	struct world world;

	(void)state;
	open_world(&world);
	polled = (struct pollfd){.fd = world.ends[0], .events = POLLIN};
	world.host.reply(world.host.world, SPAN("250 ok\r\n"));
	assert_int_equal(poll(&polled, 1, 0), 0);
	world.host.delay(world.host.world, 0);
	assert_int_equal(poll(&polled, 1, 0), 1);
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_direct_asks_the_control_files, start_fresh),
		cmocka_unit_test_setup(test_direct_without_files_takes_everything, start_fresh),
		cmocka_unit_test_setup(test_direct_a_cdb_that_changes_answers_later, start_fresh),
		cmocka_unit_test_setup(test_direct_logs_who_is_served, start_fresh),
		cmocka_unit_test_setup(test_direct_who_has_gone_at_once_was_there, start_fresh),
		cmocka_unit_test_setup(test_direct_hands_a_message_over, start_fresh),
		cmocka_unit_test_setup(test_direct_says_why_a_message_was_not_taken, start_fresh),
		cmocka_unit_test_setup(test_direct_a_missing_queue_program_is_for_later,
				       start_fresh),
		cmocka_unit_test_setup(test_direct_completes_nothing_for_who_has_gone, start_fresh),
		cmocka_unit_test_setup(test_direct_delay_flushes_first, start_fresh),
	};

	return cmocka_run_group_tests_name("direct", tests, make, control_directory_remove);
}
