#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/talk.h"
#include "unix/file.h"

static void fill(struct spool *spool, struct span message)
{
	int descriptor = open("/tmp", O_RDWR | O_TMPFILE, 0600);
	struct text why;

	text_init(&why, 1000);
	assert_int_equal(file_write(descriptor, message), 0);
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	spool_init_temporary(spool);
	assert_int_equal(spool_receive(spool, descriptor, &why), QUEUE_OK);
	text_free(&why);
	close(descriptor);
}

/* All of a message to one recipient, as far as it gets. */
static void deliver(struct talk *talk, const struct smtp_message *message)
{
	struct spool spool;

	fill(&spool, SPAN("Subject: x\n\n.\nlast"));
	smtp_client_open(&talk->client, &talk->route, &talk->result);
	if (talk->result.verdict == VERDICT_YES)
		smtp_client_mail(&talk->client, message, &talk->result);
	if (talk->result.verdict == VERDICT_YES)
		smtp_client_recipient(&talk->client, SPAN("c@d"), &talk->result);
	if (talk->result.verdict == VERDICT_YES)
		smtp_client_data(&talk->client, &talk->result);
	if (talk->result.verdict == VERDICT_YES)
		smtp_client_send(&talk->client, &spool, &talk->result);
	if (talk->result.verdict == VERDICT_YES)
		smtp_client_answer(&talk->client, &talk->result);
	spool_free(&spool);
}

#define MAIL  "MAIL FROM:<a@b>\r\n"
#define RCPT  "RCPT TO:<c@d>\r\n"
#define LINES "Subject: x\r\n\r\n..\r\nlast\r\n.\r\n"
#define OK    "250 ok\r\n"

#define ALL_TIME (3 * SILENCE) /* milliseconds for all steps together */

static void test_smtp_client_believes_only_whole_answers(void **state)
{
	static const struct {
		const char *name, *says; /* in place of what is well, at each phase */
		enum verdict verdict;
		enum queue_status status;
		const char *words;
	} cases[] = {
		{"refused", "550 5.1.1 no\r\n", VERDICT_NO, 0, "550 5.1.1 no (#5.1.1)"},
		{"put off", "450 wait\r\n", VERDICT_LATER, 0, "450 wait"},
		{"it wants a login", "530 5.7.0 who?\r\n", VERDICT_LATER, 0,
		 "the next hop wants another login, or TLS (#4.7.0)"},
		{"it wants a better one", "534-no\r\n534 5.7.9 weak\r\n", VERDICT_LATER, 0,
		 "the next hop wants another login, or TLS (#4.7.0)"},
		{"as Cyrus does", "430 Authentication required\r\n", VERDICT_LATER, 0,
		 "the next hop wants another login, or TLS (#4.7.0)"},
		{"too large for Courier", "534 SIZE=too big.\r\n", VERDICT_NO, 0,
		 "534 SIZE=too big."},
		{"no reply at all", "what?\r\n", VERDICT_LATER, QUEUE_CONNECTION_FAILED, ""},
		{"gone", NULL, VERDICT_LATER, QUEUE_CONNECTION_FAILED, ""},
		{"silent", SILENT, VERDICT_LATER, QUEUE_TIMED_OUT, ""},
	};
	static const struct step well[] = {{GREETING},
					   {HELLO, OK},
					   {MAIL, OK},
					   {RCPT, OK},
					   {"DATA\r\n", "354 go\r\n"},
					   {LINES, "250 kept\r\n"}};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t phase = 2; phase < LENGTH(well); phase++) {
			struct step steps[MOST_STEPS] = {{NULL, NULL}};
			char name[100];
			struct talk talk;

			memcpy(steps, well, (phase + 1) * sizeof(*steps));
			steps[phase].says = cases[index].says;
			snprintf(name, sizeof(name), "%s in phase %zu", cases[index].name, phase);
			talk_begin(&talk, "", "", steps);
			if (cases[index].status == QUEUE_TIMED_OUT)
				talk.settings.moment = deadline_in(ALL_TIME);
			deliver(&talk, &message);
			talk_check(&talk, name, cases[index].verdict, cases[index].status,
				   cases[index].words);
			talk_end(&talk, name);
		}
}

static void test_smtp_client_says_what_is_offered(void **state)
{
	static const char offers[] =
		"250-next\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
	static const struct {
		const char *name, *offers, *mail;
		struct smtp_message message;
		const char *words; /* of a refusal before anything is said, or NULL */
	} cases[] = {
		{"nothing", OK, MAIL, {BYTES("a@b"), 26, true, false, false}, NULL},
		{"all",
		 offers,
		 "MAIL FROM:<a@b> SIZE=26 BODY=8BITMIME SMTPUTF8\r\n",
		 {BYTES("a@b"), 26, true, true, false},
		 NULL},
		{"size alone",
		 offers,
		 "MAIL FROM:<> SIZE=26\r\n",
		 {BYTES(""), 26, false, false, false},
		 NULL},
		{"the largest",
		 offers,
		 "MAIL FROM:<a@b> SIZE=1000\r\n",
		 {BYTES("a@b"), 1000, false, false, false},
		 NULL},
		{"too large",
		 offers,
		 NULL,
		 {BYTES("a@b"), 1001, false, false, false},
		 "the message is too large for the next hop (#5.3.4)"},
		{"UTF-8 in the header",
		 offers,
		 "MAIL FROM:<a@b> SIZE=26 BODY=8BITMIME SMTPUTF8\r\n",
		 {BYTES("a@b"), 26, true, false, true},
		 NULL},
		{"where it is not offered", OK, MAIL, {BYTES("a@b"), 26, true, false, true}, NULL},
		{"UTF-8",
		 OK,
		 NULL,
		 {BYTES("a@b"), 26, false, true, false},
		 "the next hop takes no addresses beyond ASCII (#5.6.7)"},
		{"a forged command",
		 OK,
		 NULL,
		 {BYTES("a@b>\r\nRSET"), 26, false, false, false},
		 "the sender's address cannot be handed on (#5.1.7)"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct step steps[MOST_STEPS] = {{GREETING}, {HELLO, cases[index].offers}};
		struct talk talk;

		if (cases[index].mail) {
			const struct step more[] = {{cases[index].mail, OK},
						    {RCPT, OK},
						    {"DATA\r\n", "354 go\r\n"},
						    {LINES, "250 kept\r\n"}};

			memcpy(steps + 2, more, sizeof(more));
		}
		talk_begin(&talk, "", "", steps);
		deliver(&talk, &cases[index].message);
		talk_check(&talk, cases[index].name, cases[index].words ? VERDICT_NO : VERDICT_YES,
			   0, cases[index].words ? cases[index].words : "250 kept");
		talk_end(&talk, cases[index].name);
	}
}

/* RFC 5321 section 3.2: whoever has to say HELO has no extensions. */
static void test_smtp_client_takes_no_words_behind_helo_for_offers(void **state)
{
	static const struct step steps[MOST_STEPS] = {
		{GREETING},
		{HELLO, "502 what\r\n"},
		{"HELO me.example\r\n", "250-next\r\n250-8BITMIME\r\n250 SIZE 5\r\n"},
		{MAIL, OK},
		{RCPT, OK},
		{"DATA\r\n", "354 go\r\n"},
		{LINES, "250 kept\r\n"}};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26, .has_8bit = true};
	struct talk talk;

	(void)state;
	talk_begin(&talk, "", "", steps);
	deliver(&talk, &message);
	talk_check(&talk, "HELO", VERDICT_YES, 0, "250 kept");
	talk_end(&talk, "HELO");
}

static void test_smtp_client_go_ahead_is_354(void **state)
{
	static const struct step steps[MOST_STEPS] = {
		{GREETING}, {HELLO, OK}, {MAIL, OK}, {RCPT, OK}, {"DATA\r\n", OK}};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26};
	struct talk talk;

	(void)state;
	talk_begin(&talk, "", "", steps);
	deliver(&talk, &message);
	talk_check(&talk, "250 for DATA", VERDICT_LATER, 0, "250 ok");
	talk_end(&talk, "250 for DATA");
}

static void test_smtp_client_says_no_command_behind_354(void **state)
{
	static const struct step steps[MOST_STEPS] = {
		{GREETING}, {HELLO, OK}, {"DATA\r\n", "354 go\r\n"}};
	struct talk talk;
	bool is_open;

	(void)state;
	talk_begin(&talk, "", "", steps);
	smtp_client_open(&talk.client, &talk.route, &talk.result);
	smtp_client_data(&talk.client, &talk.result);
	is_open = talk.client.is_open;
	talk_check(&talk, "354", VERDICT_YES, 0, NULL);
	talk_end(&talk, "354");
	assert_false(is_open); /* not even QUIT */
}

static void test_smtp_client_believes_nothing_said_before_the_end(void **state)
{
	static const struct {
		const char *name, *kind, *says;
		enum verdict verdict;
		enum queue_status status;
		const char *words;
	} cases[] = {
		{"it has it", "", "354 go\r\n250 kept\r\n", VERDICT_LATER, QUEUE_CONNECTION_FAILED,
		 ""},
		{"it has them", "lmtp:", "354 go\r\n250 kept\r\n250 kept\r\n", VERDICT_LATER,
		 QUEUE_CONNECTION_FAILED, ""},
		{"go ahead, twice", "", "354 go\r\n354 go\r\n", VERDICT_LATER,
		 QUEUE_CONNECTION_FAILED, ""},
		{"a refusal counts", "", "354 go\r\n552 full\r\n", VERDICT_NO, 0, "552 full"},
		{"and so does one for now", "lmtp:", "354 go\r\n452 full\r\n", VERDICT_LATER, 0,
		 "452 full"},
	};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const bool is_lmtp = *cases[index].kind != '\0';
		const struct step steps[MOST_STEPS] = {
			{GREETING},
			{is_lmtp ? "LHLO me.example\r\n" : HELLO, OK},
			{MAIL, OK},
			{RCPT, OK},
			{"DATA\r\n", cases[index].says},
			{"Subject: x\r\n\r\n..\r\nlast", SILENT}};
		struct talk talk;

		talk_begin(&talk, cases[index].kind, "", steps);
		deliver(&talk, &message);
		talk_check(&talk, cases[index].name, cases[index].verdict, cases[index].status,
			   cases[index].words);
		talk_end(&talk, cases[index].name);
	}
}

static void test_smtp_client_believes_nobody_who_has_not_read(void **state)
{
	const struct smtp_client_settings settings = {.moment = deadline_in(10000)};
	struct smtp_client client;
	struct smtp_result result;
	struct capture capture;
	enum verdict unread;
	char bytes[10];
	struct text log;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	text_init(&log, 10000);
	smtp_client_init(&client, &settings);
	smtp_result_init(&result);
	client.stream.descriptor = pair[0];
	client.is_open = true;
	assert_int_equal(write(pair[0], ".\r\n", 3), 3);
	assert_int_equal(read(pair[1], bytes, sizeof(bytes)), 3);
	assert_int_equal(write(pair[1], OK OK, 2 * strlen(OK)), 2 * strlen(OK));
	smtp_client_answer(&client, &result);
	assert_int_equal(result.verdict, VERDICT_YES);
	assert_int_equal(write(pair[0], ".\r\n", 3), 3);
	capture = capture_begin();
	smtp_client_answer(&client, &result);
	unread = result.verdict;
	capture_end(&capture, &log);
	assert_int_equal(unread, VERDICT_LATER);
	assert_int_equal(result.status, QUEUE_CONNECTION_FAILED);
	assert_false(client.is_open);
	smtp_result_free(&result);
	smtp_client_free(&client);
	text_free(&log);
	close(pair[1]);
}

static void test_smtp_client_lmtp_answers_for_each(void **state)
{
	static const struct step steps[MOST_STEPS] = {
		{GREETING}, {"LHLO me.example\r\n", OK}, {MAIL, OK},
		{RCPT, OK}, {"DATA\r\n", "354 go\r\n"},	 {LINES, "250 kept\r\n552 full\r\n"},
		{"", NULL}};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26};
	struct talk talk;

	(void)state;
	talk_begin(&talk, "lmtp:", "", steps);
	deliver(&talk, &message);
	talk_check(&talk, "the first", VERDICT_YES, 0, "250 kept");
	smtp_client_answer(&talk.client, &talk.result);
	talk_check(&talk, "the second", VERDICT_NO, 0, "552 full");
	smtp_client_answer(&talk.client, &talk.result);
	talk_check(&talk, "no third", VERDICT_LATER, QUEUE_CONNECTION_FAILED, "");
	talk_end(&talk, "LMTP");
}

static void test_smtp_client_steps_have_one_time_together(void **state)
{
	static const struct step steps[MOST_STEPS] = {
		{GREETING}, {HELLO, OK}, {MAIL, OK}, {RCPT, SILENT}};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26};
	struct talk talk;

	(void)state;
	talk_begin(&talk, "", "", steps);
	talk.settings.step_time = 60000;
	talk.settings.moment = deadline_in(SILENCE);
	deliver(&talk, &message);
	talk_check(&talk, "all together", VERDICT_LATER, QUEUE_TIMED_OUT, "");
	talk_end(&talk, "all together");
}

static void test_smtp_client_waits_for_what_came_of_it(void **state)
{
	static const char *const kinds[] = {"", "lmtp:"};
	const struct smtp_message message = {.sender = SPAN("a@b"), .size = 26};

	(void)state;
	for (size_t index = 0; index < LENGTH(kinds); index++) {
		const struct step steps[MOST_STEPS] = {{GREETING},
						       {index ? "LHLO me.example\r\n" : HELLO, OK},
						       {MAIL, OK},
						       {RCPT, OK},
						       {"DATA\r\n", "354 go\r\n"},
						       {LINES, SILENT}};
		struct talk talk;
		bool is_all_over;

		talk_begin(&talk, kinds[index], "", steps);
		talk.settings.moment = deadline_in(ALL_TIME);
		deliver(&talk, &message);
		is_all_over = deadline_left(talk.settings.moment) == 0;
		talk_check(&talk, "the answer", VERDICT_LATER, QUEUE_TIMED_OUT, "");
		talk_end(&talk, "the answer");
		assert_true(is_all_over);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp_client_believes_only_whole_answers),
		cmocka_unit_test(test_smtp_client_says_what_is_offered),
		cmocka_unit_test(test_smtp_client_takes_no_words_behind_helo_for_offers),
		cmocka_unit_test(test_smtp_client_go_ahead_is_354),
		cmocka_unit_test(test_smtp_client_steps_have_one_time_together),
		cmocka_unit_test(test_smtp_client_says_no_command_behind_354),
		cmocka_unit_test(test_smtp_client_believes_nothing_said_before_the_end),
		cmocka_unit_test(test_smtp_client_believes_nobody_who_has_not_read),
		cmocka_unit_test(test_smtp_client_lmtp_answers_for_each),
		cmocka_unit_test(test_smtp_client_waits_for_what_came_of_it),
	};

	return cmocka_run_group_tests_name("smtp_client", tests, NULL, NULL);
}
