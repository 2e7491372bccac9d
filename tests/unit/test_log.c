#include "host/log.h"

#include "support/capture.h"
#include "support/check.h"
#include "unix/report.h"

static void test_log_lines_of_events(void **state)
{
	const struct {
		const char *name;
		struct log log;
		struct smtp_event event;
		const char *line;
	} cases[] = {
		{"accepted, the rule for everybody",
		 {SPAN("192.0.2.1"), SPAN(""), SPAN("")},
		 {.kind = SMTP_ACCEPT,
		  .why = SPAN("rcpthosts"),
		  .has_sender = true,
		  .sender = SPAN("a@b"),
		  .has_recipient = true,
		  .recipient = SPAN("c@d")},
		 "accept ip=192.0.2.1 rule= why=rcpthosts from=<a@b> to=<c@d>"},
		{"the null sender, no rule",
		 {SPAN("2001:db8::1"), {NULL, 0}, SPAN("relayclient")},
		 {.kind = SMTP_ACCEPT,
		  .why = SPAN("relayclient"),
		  .has_sender = true,
		  .has_recipient = true,
		  .recipient = SPAN("c@d")},
		 "accept ip=2001:db8::1 rule=- why=relayclient from=<> to=<c@d>"},
		{"refused",
		 {SPAN("192.0.2.1"), SPAN("192.0.2."), SPAN("")},
		 {.kind = SMTP_REFUSE,
		  .code = 553,
		  .reason = SPAN("sorry, no (#5.7.1)"),
		  .has_sender = true,
		  .sender = SPAN("a@b"),
		  .has_recipient = true,
		  .recipient = SPAN("c@d")},
		 "refuse ip=192.0.2.1 rule=192.0.2. why=- code=553 from=<a@b> to=<c@d> "
		 "reason=sorry, no (#5.7.1)"},
		{"refused before anything",
		 {SPAN("192.0.2.1"), {NULL, 0}, SPAN("relayclient")},
		 {.kind = SMTP_REFUSE, .code = 502, .reason = SPAN("unimplemented (#5.5.1)")},
		 "refuse ip=192.0.2.1 rule=- why=relayclient code=502 from=- to=- "
		 "reason=unimplemented (#5.5.1)"},
		{"forged fields",
		 {SPAN("1 rule=x"), SPAN("a@1.2.3.4 why=relayclient"), SPAN("")},
		 {.kind = SMTP_REFUSE,
		  .code = 553,
		  .reason = SPAN("a\nsmtpd: info: accept"),
		  .has_sender = true,
		  .sender = SPAN("a> to=<b"),
		  .has_recipient = true,
		  .recipient = SPAN("\n\0\xff")},
		 "refuse ip=1?rule=x rule=a@1.2.3.4?why=relayclient why=- code=553 "
		 "from=<a?\?to=?b> to=<\?\?\?> reason=a?smtpd: info: accept"},
		{"queued",
		 {SPAN("192.0.2.1"), {NULL, 0}, SPAN("")},
		 {.kind = SMTP_QUEUED,
		  .why = SPAN("auth:a user"),
		  .has_sender = true,
		  .sender = SPAN("a@b"),
		  .size = 1234567890123,
		  .recipients = 3},
		 "queued ip=192.0.2.1 rule=- why=auth:a?user from=<a@b> size=1234567890123 "
		 "recipients=3 id=4711?x seconds=1.005"},
		{"authenticated",
		 {SPAN("192.0.2.1"), {NULL, 0}, SPAN("")},
		 {.kind = SMTP_AUTH_OK, .user = SPAN("joe")},
		 "auth ok ip=192.0.2.1 rule=- why=- user=joe"},
		{"not authenticated",
		 {SPAN("192.0.2.1"), {NULL, 0}, SPAN("")},
		 {.kind = SMTP_AUTH_FAIL, .code = 535, .user = SPAN("joe")},
		 "auth fail ip=192.0.2.1 rule=- why=- code=535 user=joe"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct capture capture = capture_begin();
		struct text said, expected;

		log_event(&cases[index].log, &cases[index].event, SPAN("4711 x"), 1005);
		text_init(&said, 10000);
		text_init(&expected, 10000);
		capture_end(&capture, &said);
		text_add_string(&expected, "smtpd: info: ");
		text_add_string(&expected, cases[index].line);
		text_add_byte(&expected, '\n');
		CHECK_SPAN(cases[index].name, text_span(&said), text_string(&expected));
		text_free(&said);
		text_free(&expected);
	}
}

static void test_log_lines_of_a_session(void **state)
{
	struct log log = {SPAN("192.0.2.1"), SPAN("192.0.2."), SPAN("relayclient")};
	struct smtp_totals totals = {7, 2, 3000};
	struct capture capture = capture_begin();
	struct text said;

	(void)state;
	text_init(&said, 10000);
	log_connect(&log, SPAN("pc.example.org"));
	log_end(&log, &totals, 59999);
	capture_end(&capture, &said);
	CHECK_SPAN("both lines", text_span(&said),
		   "smtpd: info: connect ip=192.0.2.1 rule=192.0.2. why=relayclient "
		   "host=pc.example.org\n"
		   "smtpd: info: end ip=192.0.2.1 rule=192.0.2. why=relayclient commands=7 "
		   "messages=2 bytes=3000 seconds=59.999\n");
	text_free(&said);
}

static void test_log_lines_are_bounded(void **state)
{
	static char address[5000];
	struct log log = {SPAN("192.0.2.1"), {address, sizeof(address)}, SPAN("")};
	struct smtp_event event = {.kind = SMTP_REFUSE,
				   .code = 553,
				   .reason = SPAN("the reason"),
				   .has_sender = true,
				   .sender = {address, sizeof(address)},
				   .has_recipient = true,
				   .recipient = {address, sizeof(address)}};
	struct capture capture = capture_begin();
	struct text said;

	(void)state;
	memset(address, 'x', sizeof(address));
	text_init(&said, 100000);
	log_event(&log, &event, SPAN(""), 0);
	capture_end(&capture, &said);
	assert_in_range(said.length, 3000, 4096);
	assert_non_null(strstr(said.bytes, " reason=the reason\n"));
	text_free(&said);
}

static int make_it_talk(void **state)
{
	(void)state;
	report_begin("smtpd");
	report_more();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log_lines_of_events),
		cmocka_unit_test(test_log_lines_of_a_session),
		cmocka_unit_test(test_log_lines_are_bounded),
	};

	return cmocka_run_group_tests_name("log", tests, make_it_talk, NULL);
}
