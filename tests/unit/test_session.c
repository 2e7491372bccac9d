#include "smtp/session.h"

#include <dirent.h>
#include <stdlib.h>

#include "smtp/reply.h"
#include "support/check.h"
#include "support/transcript.h"

static void read_file(const char *path, struct text *contents)
{
	FILE *file = fopen(path, "rb");
	int byte;

	text_init(contents, 1024 * 1024);
	text_add_string(contents, "");
	while (file && (byte = fgetc(file)) != EOF)
		text_add_byte(contents, (char)byte);
	if (file)
		fclose(file);
}

static void write_file(const char *path, struct span contents)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	fwrite(contents.bytes, 1, contents.length, file);
	assert_int_equal(fclose(file), 0);
}

static void check_conversation(const char *name)
{
	struct transcript transcript;
	struct fake_host fake;
	struct text input, expected;
	char path[400];

	fake_host_init(&fake);
	snprintf(path, sizeof(path), "tests/smtp/%s.in", name);
	read_file(path, &input);
	transcript_read(text_span(&input), &transcript, &fake);
	snprintf(path, sizeof(path), "tests/smtp/%s.out", name);
	read_file(path, &expected);
	for (uint32_t seed = 0; seed < 24; seed++) {
		transcript_play(&transcript, &fake, seed);
		if (getenv("RECORD") && seed == 0) { /* look at what it wrote before believing it */
			write_file(path, text_span(&fake.transcript));
			text_free(&expected);
			read_file(path, &expected);
		}
		if (!span_equal(text_span(&fake.transcript), text_span(&expected)))
			fail_msg("%s, seed %u:\n--- expected\n%s--- got\n%s", name, seed,
				 text_string(&expected), text_string(&fake.transcript));
	}
	text_free(&input);
	text_free(&expected);
	transcript_free(&transcript);
	fake_host_free(&fake);
}

static void test_session_holds_the_recorded_conversations(void **state)
{
	unsigned count = transcript_each(check_conversation);

	(void)state;
	printf("%u conversations\n", count);
	assert_true(count > 0);
}

/* Each reply of the table is in some conversation, so that none is there that nobody has read. */
static void test_session_conversations_cover_each_reply(void **state)
{
	DIR *directory = opendir("tests/smtp");
	struct text all, file;
	struct dirent *entry;
	char path[400];

	(void)state;
	assert_non_null(directory);
	text_init(&all, 16 * 1024 * 1024);
	while ((entry = readdir(directory))) {
		if (!span_ends_folded(span_of(entry->d_name), SPAN(".out")))
			continue;
		snprintf(path, sizeof(path), "tests/smtp/%s", entry->d_name);
		read_file(path, &file);
		text_add(&all, text_span(&file));
		text_free(&file);
	}
	closedir(directory);
	for (int reply = REPLY_NONE + 1; reply < REPLY_COUNT; reply++) {
		const struct smtp_reply_row *row = &smtp_replies[reply];
		char line[200];

		if (!row->text || reply == REPLY_NO_MEMORY)
			continue;
		snprintf(line, sizeof(line), "%u %s\n", row->code, row->text);
		if (strstr(text_string(&all), line))
			continue;
		snprintf(line, sizeof(line), "%u %s %s\n", row->code, row->enhanced_code,
			 row->text);
		if (!strstr(text_string(&all), line))
			fail_msg("in no conversation: %s", line);
	}
	text_free(&all);
}

static void test_session_counts(void **state)
{
	struct smtp_settings settings = transcript_settings();
	struct fake_host fake;
	struct smtp_host host;
	struct smtp_session *session;
	struct smtp_room room;

	(void)state;
	fake_host_init(&fake);
	text_add_string(&fake.hosted, "example.org\n");
	host = fake_host_table(&fake);
	session = smtp_session_new(&settings, &host, &room);
	smtp_session_feed(session, SPAN("EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT "));
	assert_int_equal(smtp_session_totals(session).commands, 2);
	assert_false(smtp_session_in_data(session));
	smtp_session_feed(session, SPAN("TO:<a@example.org>\r\nDATA\r\n123\r\n"));
	assert_int_equal(smtp_session_totals(session).commands, 4);
	assert_true(smtp_session_in_data(session));
	smtp_session_feed(session, SPAN(".\r\n"));
	assert_false(smtp_session_in_data(session));
	assert_int_equal(smtp_session_totals(session).messages, 1);
	assert_int_equal(smtp_session_totals(session).bytes, 4);
	smtp_session_free(session);
	fake_host_free(&fake);
}

static void test_session_the_longest_greeting_leaves_room_for_all_extensions(void **state)
{
	struct smtp_settings settings = transcript_settings();
	struct smtp_session *session;
	struct smtp_room room;
	struct fake_host fake;
	struct smtp_host host;
	char greeting[1000];

	(void)state;
	memset(greeting, 'x', sizeof(greeting));
	settings.greeting = (struct span){greeting, sizeof(greeting)};
	settings.largest_message = UINT64_MAX;
	settings.tls = SMTP_TLS_OFFERED;
	settings.offers_auth = settings.allows_clear_auth = true;
	fake_host_init(&fake);
	host = fake_host_table(&fake);
	session = smtp_session_new(&settings, &host, &room);
	assert_non_null(strstr(text_string(&fake.transcript), "xx ESMTP\n"));
	smtp_session_feed(session, SPAN("EHLO a\r\n"));
	assert_non_null(strstr(text_string(&fake.transcript), "STARTTLS\n"));
	assert_non_null(strstr(text_string(&fake.transcript), "AUTH LOGIN PLAIN\n"));
	assert_non_null(strstr(text_string(&fake.transcript), "250 CHUNKING\n"));
	smtp_session_feed(session, SPAN("QUIT\r\n"));
	assert_non_null(strstr(text_string(&fake.transcript), "reply  221 "));
	smtp_session_free(session);
	fake_host_free(&fake);
}

/* Feed a session with a recipient again and again until one is refused; then the transcript ends in
 * that. Returns how many were accepted. */
static unsigned fill_with_recipients(struct smtp_session *session, struct fake_host *fake,
				     struct span recipient)
{
	unsigned count = 0;

	for (;; count++) {
		text_clear(&fake->transcript);
		smtp_session_feed(session, recipient);
		if (!strstr(text_string(&fake->transcript), "reply  250 "))
			return count;
	}
}

static void test_session_defers_recipients_beyond_a_mebibyte(void **state)
{
	struct smtp_settings settings = transcript_settings();
	struct smtp_room room;
	char long_one[1000], sender[1000];
	struct fake_host fake;
	struct smtp_host host;

	(void)state;
	settings.most_recipients = UINT32_MAX;
	settings.most_errors = 0;
	snprintf(long_one, sizeof(long_one), "RCPT TO:<%0886d@example.org>\r\n", 1);
	/* However near to it the others came. */
	for (int length = 50; length <= 890; length += length < 850 ? 100 : 1) {
		struct smtp_session *session;
		unsigned count;

		fake_host_init(&fake);
		text_add_string(&fake.hosted, "example.org\n");
		host = fake_host_table(&fake);
		session = smtp_session_new(&settings, &host, &room);
		snprintf(sender, sizeof(sender), "MAIL FROM:<%0*d@b.example>\r\n", length, 1);
		smtp_session_feed(session, span_of(sender));
		count = fill_with_recipients(session, &fake, span_of(long_one));
		assert_in_range(count, 1000, 1048576 / 900);
		assert_non_null(strstr(text_string(&fake.transcript), "reply  452 "));
		assert_true(fill_with_recipients(session, &fake,
						 SPAN("RCPT TO:<a@example.org>\r\n")) < 40);
		assert_non_null(strstr(text_string(&fake.transcript), "reply  452 "));
		text_clear(&fake.transcript);
		smtp_session_feed(session, SPAN("DATA\r\n.\r\n"));
		assert_int_equal(smtp_session_totals(session).messages, 1);
		smtp_session_free(session);
		fake_host_free(&fake);
	}
}

/* What RFC 4954 section 4 allows of one line holds wherever it is cut. */
static void test_session_auth_lines_may_be_cut_anywhere(void **state)
{
	struct smtp_settings settings = transcript_settings();
	struct smtp_room room;
	char line[4000] = "AUTH PLAIN ";
	struct fake_host fake;
	struct smtp_host host;
	size_t length = strlen(line);

	(void)state;
	settings.offers_auth = settings.allows_clear_auth = true;
	memset(line + length, 'A', 2400);
	memcpy(line + length + 2400, "\r\n", 2);
	for (size_t cut = 0; cut < 20; cut++) {
		struct smtp_session *session;

		fake_host_init(&fake);
		host = fake_host_table(&fake);
		session = smtp_session_new(&settings, &host, &room);
		smtp_session_feed(session, (struct span){line, cut});
		smtp_session_feed(session, (struct span){line + cut, length + 2402 - cut});
		if (strstr(text_string(&fake.transcript), "reply  500 "))
			fail_msg("cut behind %zu: %s", cut, text_string(&fake.transcript));
		smtp_session_free(session);
		fake_host_free(&fake);
	}
}

static void test_session_tells_messages_apart(void **state)
{
	struct smtp_settings settings = transcript_settings();
	struct smtp_session *session;
	struct fake_host fake;
	struct smtp_host host;
	struct smtp_room room;
	uint64_t first;

	(void)state;
	fake_host_init(&fake);
	text_add_string(&fake.hosted, "example.org\n");
	host = fake_host_table(&fake);
	session = smtp_session_new(&settings, &host, &room);
	smtp_session_feed(session, SPAN("MAIL FROM:<a@b.example>\r\nRCPT TO:<a@example.org>\r\n"));
	assert_int_equal(smtp_session_message(session), 0);
	smtp_session_feed(session, SPAN("BDAT 3\r\na"));
	assert_true(smtp_session_in_data(session));
	first = smtp_session_message(session);
	assert_int_not_equal(first, 0);
	smtp_session_feed(session, SPAN("bc"));
	assert_int_equal(smtp_session_message(session), first); /* between its chunks as well */
	smtp_session_feed(session, SPAN("BDAT 3 LAST\r\na"));
	assert_int_equal(smtp_session_message(session), first);
	smtp_session_feed(session, SPAN("bc"));
	assert_int_equal(smtp_session_message(session), 0);
	smtp_session_feed(session, SPAN("BDAT 3\r\na")); /* out of turn: thrown away */
	assert_int_not_equal(smtp_session_message(session), first);
	assert_int_not_equal(smtp_session_message(session), 0);
	smtp_session_feed(session, SPAN("bcMAIL FROM:<a@b.example>\r\nRCPT TO:<a@example.org>\r\n"
					"DATA\r\n"));
	assert_int_not_equal(smtp_session_message(session), first);
	assert_int_not_equal(smtp_session_message(session), 0);
	smtp_session_free(session);
	fake_host_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_holds_the_recorded_conversations),
		cmocka_unit_test(test_session_conversations_cover_each_reply),
		cmocka_unit_test(test_session_counts),
		cmocka_unit_test(test_session_the_longest_greeting_leaves_room_for_all_extensions),
		cmocka_unit_test(test_session_defers_recipients_beyond_a_mebibyte),
		cmocka_unit_test(test_session_auth_lines_may_be_cut_anywhere),
		cmocka_unit_test(test_session_tells_messages_apart),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
