#include "host/monitor.h"

#include <stdlib.h>

#include "base/frame.h"
#include "host/ask.h"
#include "support/check.h"
#include "support/monitored.h"
#include "unix/report.h"

/* Have the monitor take all that was put; returns the last step. */
static enum monitor_step take(struct monitored *world)
{
	struct span bytes = text_span(&world->bytes);
	enum monitor_step step = MONITOR_TAKEN;
	size_t lacking;

	while (bytes.length && step == MONITOR_TAKEN)
		step = monitor_take(&world->monitor, &bytes, &lacking);
	text_clear(&world->bytes);
	return step;
}

/* What the last answer says. */
static enum verdict answered(const struct monitored *world)
{
	struct span fields = span_tail(text_span(&world->monitor.out), FRAME_HEADER);
	uint64_t verdict = 99;

	assert_true(frame_take_number(&fields, &verdict));
	return (enum verdict)verdict;
}

static void test_monitor_passes_a_message_on(void **state)
{
	static const uint64_t totals[] = {4, 1, 0};
	struct monitored world;

	(void)state;
	monitored_init(&world);
	monitored_put(&world, REQUEST_HOSTED, SPAN("example.org"));
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(answered(&world), VERDICT_YES);
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	monitored_put(&world, REQUEST_BODY, SPAN("one\n"));
	monitored_put(&world, REQUEST_BODY, SPAN("two\n"));
	monitored_put(&world, REQUEST_COMMIT, SPAN("Fa@b\0Tc@example.org\0\0"));
	monitored_put_event(&world, SMTP_QUEUED);
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(world.fake.committed, 1);
	assert_non_null(strstr(world.fake.transcript.bytes, "body   \"one\\ntwo\\n\"\n"));
	assert_false(monitor_has_ended(&world.monitor));
	monitored_put(&world, REQUEST_END, (struct span){(const char *)totals, sizeof(totals)});
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_true(monitor_has_ended(&world.monitor));
	monitored_put(&world, REQUEST_HOSTED, SPAN("example.org"));
	assert_int_equal(take(&world), MONITOR_BROKEN);
	monitored_free(&world);
}

static void test_monitor_begins_nothing_when_the_session_shall_end(void **state)
{
	struct monitored world;

	(void)state;
	monitored_init(&world);
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	assert_int_equal(take(&world), MONITOR_TAKEN);
	world.monitor.is_ending = true;
	monitored_put(&world, REQUEST_COMMIT, SPAN("Fa@b\0Tc@example.org\0\0"));
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(answered(&world), VERDICT_YES);
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(answered(&world), VERDICT_LATER);
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "secret");
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(answered(&world), VERDICT_LATER);
	monitored_put(&world, REQUEST_BODY, SPAN("x\n"));
	assert_int_equal(take(&world), MONITOR_BROKEN);
	monitored_free(&world);
}

static void test_monitor_takes_no_malformed_frame(void **state)
{
	static const struct {
		const char *name;
		uint32_t kind;
		struct span fields;
	} cases[] = {
		{"no such request", REQUEST_COUNT, BYTES("")},
		{"nor this one", UINT32_MAX, BYTES("")},
		{"an event of nothing", REQUEST_EVENT, BYTES("")},
		{"an event of no kind", REQUEST_EVENT, BYTES("\x05\0\0\0\0\0\0\0")},
		{"half an address", REQUEST_OWN_ADDRESS,
		 BYTES("\4\0\0\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0")},
		{"an address of no version", REQUEST_OWN_ADDRESS,
		 BYTES("\5\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
		{"no user", REQUEST_AUTHENTICATE, BYTES("\0\0\0\0\1\0\0\0x")},
		{"no password", REQUEST_AUTHENTICATE, BYTES("\1\0\0\0x\0\0\0\0")},
		{"a NUL in the user", REQUEST_AUTHENTICATE, BYTES("\2\0\0\0x\0\1\0\0\0x")},
		{"something behind the password", REQUEST_AUTHENTICATE,
		 BYTES("\1\0\0\0x\1\0\0\0x!")},
		{"a user beyond the frame", REQUEST_AUTHENTICATE, BYTES("\xff\0\0\0x")},
		{"no protocol", REQUEST_OPEN, BYTES("\0\0\0\0\0\0\0\0")},
		{"a protocol that is a field", REQUEST_OPEN, BYTES("\0\0\0\0\3\0\0\0A\nB")},
		{"no errno", REQUEST_TLS_FAILED, BYTES("\1\0\0\0")},
		{"totals that are not so", REQUEST_END,
		 BYTES("\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0")},
		{"half of the totals", REQUEST_END, BYTES("\0\0\0\0\0\0\0\0")},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct monitored world;

		monitored_init(&world);
		monitored_put(&world, cases[index].kind, cases[index].fields);
		if (take(&world) != MONITOR_BROKEN)
			fail_msg("%s", cases[index].name);
		assert_int_equal(world.fake.transcript.length, 0);
		monitored_free(&world);
	}
}

static void test_monitor_takes_no_more_than_databytes(void **state)
{
	struct monitored world;

	(void)state;
	monitored_init(&world);
	world.settings.smtp.largest_message = 5;
	for (int more = 0; more < 2; more++) {
		monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
		monitored_put(&world, REQUEST_BODY, SPAN("one\n"));
		monitored_put(&world, REQUEST_BODY, more ? SPAN("2\n") : SPAN("\n"));
		monitored_put(&world, REQUEST_COMMIT, SPAN("Fa@b\0Tc@example.org\0\0"));
		assert_int_equal(take(&world), more ? MONITOR_BROKEN : MONITOR_TAKEN);
	}
	assert_int_equal(world.fake.committed, 1);
	monitored_free(&world);
}

static void test_monitor_takes_nothing_out_of_order(void **state)
{
	static const uint32_t not_between[] = {REQUEST_BODY, REQUEST_COMMIT, REQUEST_DISCARD};
	static const uint32_t not_inside[] = {
		REQUEST_HOSTED,	     REQUEST_MAILBOX,	   REQUEST_BAD_SENDER,
		REQUEST_OWN_ADDRESS, REQUEST_AUTHENTICATE, REQUEST_OPEN,
		REQUEST_SECURED,     REQUEST_TLS_FAILED,   REQUEST_END};
	struct monitored world;

	(void)state;
	for (size_t index = 0; index < LENGTH(not_between); index++) {
		monitored_init(&world);
		monitored_put(&world, not_between[index], SPAN(""));
		assert_int_equal(take(&world), MONITOR_BROKEN);
		monitored_free(&world);
	}
	for (size_t index = 0; index < LENGTH(not_inside); index++) {
		monitored_init(&world);
		monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
		monitored_put(&world, not_inside[index], SPAN(""));
		assert_int_equal(take(&world), MONITOR_BROKEN);
		assert_true(world.fake.is_open);
		monitor_forget(&world.monitor);
		assert_false(world.fake.is_open);
		monitored_free(&world);
	}
}

static void test_monitor_waits_for_a_whole_frame_of_lawful_size(void **state)
{
	static const char zeros[70000];
	static const struct {
		const char *name;
		uint32_t kind;
		size_t length;
	} cases[] = {
		{"a long domain", REQUEST_HOSTED, 4097},
		{"a long event", REQUEST_EVENT, 65537},
		{"a long password", REQUEST_AUTHENTICATE, 517},
		{"a long hello", REQUEST_OPEN, 4097},
		{"a long list of variables", REQUEST_SECURED, 65537},
	};
	struct monitored world;
	struct span bytes;
	size_t lacking;

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		monitored_init(&world);
		monitored_put(&world, cases[index].kind, (struct span){zeros, cases[index].length});
		/* The header alone is enough to see it. */
		bytes = span_head(text_span(&world.bytes), FRAME_HEADER);
		if (monitor_take(&world.monitor, &bytes, &lacking) != MONITOR_BROKEN)
			fail_msg("%s", cases[index].name);
		monitored_free(&world);
	}
	monitored_init(&world);
	monitored_put(&world, REQUEST_HOSTED, SPAN("example.org"));
	for (size_t length = 0; length < world.bytes.length; length++) {
		bytes = span_head(text_span(&world.bytes), length);
		assert_int_equal(monitor_take(&world.monitor, &bytes, &lacking), MONITOR_MORE);
		assert_int_equal(bytes.length, length);
		assert_int_equal(lacking, length < FRAME_HEADER ? FRAME_HEADER - length
								: world.bytes.length - length);
	}
	assert_int_equal(take(&world), MONITOR_TAKEN);
	monitored_free(&world);
}

static void test_monitor_limits_the_passwords_that_are_tried(void **state)
{
	struct monitored world;

	(void)state;
	monitored_init(&world);
	monitored_put_event(&world, SMTP_AUTH_OK);
	assert_int_equal(take(&world), MONITOR_BROKEN); /* nobody has */
	for (unsigned count = 0; count < 3; count++) {
		monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "guess");
		assert_int_equal(take(&world), MONITOR_TAKEN);
		assert_int_equal(answered(&world), VERDICT_NO);
	}
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "secret");
	assert_int_equal(take(&world), MONITOR_BROKEN);
	assert_null(strstr(world.fake.transcript.bytes, "secret"));
	monitored_free(&world);

	monitored_init(&world);
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "secret");
	monitored_put_event(&world, SMTP_AUTH_OK);
	assert_int_equal(take(&world), MONITOR_TAKEN);
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "ann", "guess");
	assert_int_equal(take(&world), MONITOR_BROKEN); /* one is enough */
	monitored_free(&world);

	monitored_init(&world);
	text_add_string(&world.fake.users, "ann secret\n");
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "ann", "secret");
	monitored_put_event(&world, SMTP_AUTH_OK); /* says that joe has */
	assert_int_equal(take(&world), MONITOR_BROKEN);
	monitored_free(&world);

	monitored_init(&world);
	world.settings.smtp.allows_clear_auth = false;
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "secret");
	assert_int_equal(take(&world), MONITOR_BROKEN);
	monitored_free(&world);
}

static void test_monitor_lets_nobody_relay(void **state)
{
	struct monitored world;

	(void)state;
	monitored_init(&world);
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	monitored_put(&world, REQUEST_COMMIT,
		      SPAN("Fa@b\0Tc@example.org\0Tc@elsewhere.example\0\0"));
	assert_int_equal(take(&world), MONITOR_BROKEN);
	assert_int_equal(world.fake.committed, 0);
	assert_false(world.fake.is_open);
	monitored_free(&world);

	monitored_init(&world);
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "secret");
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTPA");
	monitored_put(&world, REQUEST_COMMIT, SPAN("Fa@b\0Tc@elsewhere.example\0\0"));
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(world.fake.committed, 1);
	monitored_free(&world);
}

static void test_monitor_says_later_when_a_list_cannot_be_asked(void **state)
{
	struct monitored world;

	(void)state;
	monitored_init(&world);
	world.fake.later = 3; /* open, the sender, and then the domain */
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	monitored_put(&world, REQUEST_COMMIT, SPAN("Fa@b\0Tc@example.org\0\0"));
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_int_equal(answered(&world), VERDICT_LATER);
	assert_int_equal(world.fake.committed, 0);
	monitored_put_event(&world, SMTP_QUEUED); /* which is not so */
	assert_int_equal(take(&world), MONITOR_BROKEN);
	monitored_free(&world);
}

static void test_monitor_forgets_the_user_when_tls_starts(void **state)
{
	struct monitored world;

	(void)state;
	monitored_init(&world);
	world.settings.smtp.tls = SMTP_TLS_OFFERED;
	setenv("SSL_OLD", "1", 1);
	setenv("SSL_KEPT", "1", 1);
	setenv("SSLCTLFD", "5", 1);
	unsetenv("RELAYCLIENT");
	monitored_put_two(&world, REQUEST_AUTHENTICATE, "joe", "secret");
	monitored_put(&world, REQUEST_SECURED,
		      SPAN("SSL_PROTOCOL=TLSv1.3\0SSL_OLD\0RELAYCLIENT=\0SSL_CIPHER=x=y\0\0"));
	assert_int_equal(take(&world), MONITOR_TAKEN);
	assert_string_equal(getenv("SSL_PROTOCOL"), "TLSv1.3");
	assert_string_equal(getenv("SSL_CIPHER"), "x=y");
	assert_string_equal(getenv("SSL_KEPT"), "1");
	assert_null(getenv("SSL_OLD"));
	assert_null(getenv("SSLCTLFD"));
	assert_null(getenv("RELAYCLIENT"));
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	monitored_put(&world, REQUEST_COMMIT, SPAN("Fa@b\0Tc@elsewhere.example\0\0"));
	assert_int_equal(take(&world), MONITOR_BROKEN);
	monitored_free(&world);

	monitored_init(&world);
	monitored_put(&world, REQUEST_SECURED, SPAN("SSL_CIPHER=none")); /* no list, no harm */
	assert_int_equal(take(&world), MONITOR_BROKEN);			 /* nobody has offered it */
	world.settings.smtp.tls = SMTP_TLS_OFFERED;
	monitored_put(&world, REQUEST_SECURED, SPAN("SSL_CIPHER=none"));
	assert_int_equal(take(&world), MONITOR_TAKEN);
	monitored_put(&world, REQUEST_SECURED, SPAN(""));
	assert_int_equal(take(&world), MONITOR_BROKEN); /* there is no TLS in TLS */
	monitored_free(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_monitor_passes_a_message_on),
		cmocka_unit_test(test_monitor_begins_nothing_when_the_session_shall_end),
		cmocka_unit_test(test_monitor_takes_no_malformed_frame),
		cmocka_unit_test(test_monitor_takes_no_more_than_databytes),
		cmocka_unit_test(test_monitor_takes_nothing_out_of_order),
		cmocka_unit_test(test_monitor_waits_for_a_whole_frame_of_lawful_size),
		cmocka_unit_test(test_monitor_limits_the_passwords_that_are_tried),
		cmocka_unit_test(test_monitor_lets_nobody_relay),
		cmocka_unit_test(test_monitor_says_later_when_a_list_cannot_be_asked),
		cmocka_unit_test(test_monitor_forgets_the_user_when_tls_starts),
	};

	report_begin("smtpd");
	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
