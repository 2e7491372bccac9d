#include "smtp/session.h"

#include "support/check.h"
#include "support/nth_allocation.h"
#include "support/transcript.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return ++allocations == fails_at ? NULL : __real_malloc(size);
}

/* Longer than what a session has room for without memory. */
#define LONG_NAME "a-name-of-a-host-that-is-longer-than-most.a-second-part-of-it"
#define LONG_USER "a-user-whose-name-is-longer-than-that-of-others-and-goes-on-and-on"

static const char busy[] = "! hosted example.org\n"
			   "! mailbox " LONG_USER "@example.org\n"
			   "! badsender x@example.net\n"
			   "! own 192.0.2.1\n"
			   "EHLO client." LONG_NAME ".example\n"
			   "MAIL FROM:<a@" LONG_NAME ".example.net> SIZE=1\n"
			   "RCPT TO:<" LONG_USER "@example.org>\n"
			   "RCPT TO:<" LONG_USER "@example.org>\n"
			   "RCPT TO:<" LONG_USER "@example.org>\n"
			   "RCPT TO:<b@elsewhere.example>\n"
			   "DATA\n"
			   "Subject: one\n"
			   "\n"
			   "\\{3000}x\n"
			   ".\n"
			   "MAIL FROM:<>\n"
			   "RCPT TO:<b@[192.0.2.1]>\n"
			   "RCPT TO:<" LONG_USER "@example.org>\n"
			   "BDAT 7\n"
			   "12345\n"
			   "BDAT 7 LAST\n"
			   "12345\n"
			   "QUIT\n";

static const char signing_in[] = "! auth\n"
				 "! clearauth\n"
				 "! user ann secret\n"
				 "EHLO client." LONG_NAME ".example\n"
				 "AUTH LOGIN\n"
				 "YW5u\n"
				 "d3Jvbmc=\n"
				 "AUTH PLAIN AGFubgBzZWNyZXQ=\n"
				 "MAIL FROM:<a@" LONG_NAME ".b.example>\n"
				 "RCPT TO:<c@" LONG_NAME ".d.example>\n"
				 "QUIT\n";

static unsigned count_lines(const struct fake_host *fake, struct span start)
{
	unsigned count = 0;
	struct span rest = text_span(&fake->transcript), line;

	while (span_next_line(&rest, &line))
		count += span_starts(line, start);
	return count;
}

static void copy_replies(const struct fake_host *fake, struct text *replies)
{
	struct span rest = text_span(&fake->transcript), line;

	text_clear(replies);
	while (span_next_line(&rest, &line))
		if (span_starts(line, SPAN("reply")))
			text_add(replies, line);
}

/* Addresses and messages refused for good. What follows a 4xx is no command, or out of order, which
 * refuses nothing. */
static unsigned count_permanent(const struct fake_host *fake)
{
	return count_lines(fake, SPAN("reply  55"));
}

static unsigned count_taken(const struct fake_host *fake)
{
	unsigned count = 0;
	struct span rest = text_span(&fake->transcript), line, before = {NULL, 0};

	while (span_next_line(&rest, &line)) {
		count += span_starts(line, SPAN("reply  250")) &&
			 span_starts(before, SPAN("queued"));
		before = line;
	}
	return count;
}

static void test_session_survives_each_question_that_cannot_be_answered(void **state)
{
	struct transcript transcript;
	struct fake_host fake;
	unsigned permanent;

	(void)state;
	fake_host_init(&fake);
	transcript_read(SPAN(busy), &transcript, &fake);
	transcript_play(&transcript, &fake, 0);
	permanent = count_permanent(&fake);
	assert_int_equal(fake.committed, 2);
	for (fake.later = 1; fake.later < 30; fake.later++) {
		transcript_play(&transcript, &fake, fake.later);
		if (count_permanent(&fake) > permanent)
			fail_msg("question %u:\n%s", fake.later, text_string(&fake.transcript));
		assert_int_equal(count_taken(&fake), fake.committed);
		assert_true(fake.committed + (fake.asked >= fake.later) >= 1);
	}
	transcript_free(&transcript);
	fake_host_free(&fake);
}

/* The client has all its replies, or one that says that there was no memory. */
static void check_allocations(const char *conversation, uint32_t seed)
{
	struct transcript transcript;
	struct fake_host fake;
	struct text expected, replies;
	unsigned needed;

	text_init(&expected, 65536);
	text_init(&replies, 65536);
	fake_host_init(&fake);
	text_reserve(&fake.transcript, 65536); /* the world's own memory is not the point */
	text_reserve(&fake.body, 65536);
	transcript_read(span_of(conversation), &transcript, &fake);
	allocations = fails_at = 0;
	transcript_play(&transcript, &fake, seed);
	needed = allocations;
	copy_replies(&fake, &expected);
	assert_true(needed > 3);
	for (unsigned number = 1; number <= needed; number++) {
		allocations = 0;
		fails_at = number;
		transcript_play(&transcript, &fake, seed);
		fails_at = 0;
		assert_false(fake.transcript.failed);
		copy_replies(&fake, &replies);
		if (count_taken(&fake) != fake.committed ||
		    (!span_equal(text_span(&replies), text_span(&expected)) &&
		     count_lines(&fake, SPAN("reply  4")) == 0))
			fail_msg("allocation %u:\n%s", number, text_string(&fake.transcript));
	}
	text_free(&expected);
	text_free(&replies);
	transcript_free(&transcript);
	fake_host_free(&fake);
}

static void test_session_survives_each_allocation_that_fails(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 2; seed++) { /* lines that come whole are not kept */
		check_allocations(busy, seed);
		check_allocations(signing_in, seed);
	}
}
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_survives_each_question_that_cannot_be_answered),
		cmocka_unit_test(test_session_survives_each_allocation_that_fails),
	};

	return cmocka_run_group_tests_name("session_trouble", tests, NULL, NULL);
}
