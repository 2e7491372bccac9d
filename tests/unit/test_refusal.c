#include "smtp/refusal.h"

#include "support/check.h"

#define GREETING "220 rblsmtpd.local\r\n"
#define OK	 "250 rblsmtpd.local\r\n"
#define NO	 "553 spam\r\n"

static void test_refusal_talks(void **state)
{
	static const struct {
		const char *name, *said, *expected;
		bool goes_on;
	} cases[] = {
		{"nothing", "", GREETING, true},
		{"a whole session",
		 "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nQUIT\r\n",
		 GREETING OK OK NO NO "221 rblsmtpd.local\r\n", false},
		{"letters of any case", "hElO x\r\nnOOp\r\nRset\r\n", GREETING OK OK OK, true},
		{"LF alone", "helo\nrcpt\n", GREETING OK NO, true},
		{"words that only begin so", "HELOX\r\nMAILFROM\r\nQUITE\r\n", GREETING NO NO NO,
		 true},
		{"an empty line", "\r\n", GREETING NO, true},
		{"a line without its end", "QUIT", GREETING, true},
		{"what follows QUIT", "QUIT\r\nHELO\r\n", GREETING "221 rblsmtpd.local\r\n", false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span said = span_of(cases[index].said);

		for (size_t piece = 1; piece <= said.length + 1; piece += said.length) {
			struct span rest = said;
			struct refusal refusal;
			struct text replies;
			bool goes_on = true;

			text_init(&replies, 10000);
			refusal_init(&refusal, "553", SPAN("spam"), &replies);
			while (rest.length && goes_on) {
				goes_on = refusal_feed(&refusal, span_head(rest, piece), &replies);
				rest = span_tail(rest, piece);
			}
			CHECK_SPAN(cases[index].name, text_span(&replies), cases[index].expected);
			if (goes_on != cases[index].goes_on)
				fail_msg("%s: it ends at the wrong time", cases[index].name);
			text_free(&replies);
			if (said.length == 0)
				break;
		}
	}
}

static void test_refusal_ends_by_itself(void **state)
{
	struct refusal refusal;
	struct text replies;
	unsigned lines = 0;

	(void)state;
	text_init(&replies, 1024 * 1024);
	refusal_init(&refusal, "451", SPAN("no"), &replies);
	while (refusal_feed(&refusal, SPAN("RCPT TO:<a@b>\r\n"), &replies))
		lines++;
	assert_int_equal(lines, REFUSAL_COMMANDS);
	assert_false(replies.failed);
	assert_true(span_ends_folded(text_span(&replies),
				     SPAN("421 rblsmtpd.local too many commands (#4.7.0)\r\n")));
	text_free(&replies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusal_talks),
		cmocka_unit_test(test_refusal_ends_by_itself),
	};

	return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
