#include "smtp/reply.h"

#include "support/check.h"

static void test_reply_table_is_complete_and_agrees_with_itself(void **state)
{
	(void)state;
	for (int reply = REPLY_NONE + 1; reply < REPLY_COUNT; reply++) {
		const struct smtp_reply_row *row = &smtp_replies[reply];
		unsigned class = row->code / 100;

		if (class < 2 || class > 5 || !row->enhanced_code)
			fail_msg("row %d is incomplete", reply);
		/* RFC 3463 section 2: the classes agree; RFC 2034: no code goes with 3yz. */
		if (*row->enhanced_code && row->enhanced_code[0] != (char)('0' + class))
			fail_msg("row %d: %s with %u", reply, row->enhanced_code, row->code);
		if (class >= 4 && !*row->enhanced_code)
			fail_msg("row %d: a refusal without an enhanced code", reply);
		for (const char *byte = row->text; byte && *byte; byte++)
			if (*byte < ' ' || *byte > '~')
				fail_msg("row %d: its text is not printable", reply);
		if (row->text && strstr(row->text, "(#")) {
			char suffix[20];

			snprintf(suffix, sizeof(suffix), "(#%s)", row->enhanced_code);
			if (!span_ends_folded(span_of(row->text), span_of(suffix)))
				fail_msg("row %d: %s", reply, row->text);
		}
	}
}

static void test_reply_line(void **state)
{
	static const struct {
		const char *name;
		enum smtp_reply reply;
		bool says_enhanced;
		const char *enhanced_code, *detail, *line;
	} cases[] = {
		{"classic", REPLY_NOOP, false, "", "", "250 ok\r\n"},
		{"enhanced", REPLY_NOOP, true, "", "", "250 2.0.0 ok\r\n"},
		{"never enhanced", REPLY_GO_AHEAD, true, "", "", "354 go ahead\r\n"},
		{"greeting", REPLY_GREETING, true, "", "me ESMTP", "220 me ESMTP\r\n"},
		{"detail", REPLY_QUEUED, false, "", "ok 1 qp 2", "250 ok 1 qp 2\r\n"},
		{"other code", REPLY_QUEUE_REFUSED, true, "5.6.0", "no", "554 5.6.0 no\r\n"},
		{"which has it already", REPLY_QUEUE_REFUSED, true, "5.6.0", "5.6.0 no",
		 "554 5.6.0 no\r\n"},
		{"which has the usual one", REPLY_QUEUED, true, "", "2.0.0 ok", "250 2.0.0 ok\r\n"},
		{"which has one like it", REPLY_QUEUE_REFUSED, true, "5.6.0", "5.6.01 no",
		 "554 5.6.0 5.6.01 no\r\n"},
		{"which has it anyway", REPLY_QUEUE_REFUSED, false, "5.6.0", "5.6.0 no",
		 "554 5.6.0 no\r\n"},
		{"no injection", REPLY_QUEUE_LATER, false, "", "a\r\n250 b\t\xff",
		 "451 a??250 b??\r\n"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text out;

		text_init(&out, 2000);
		reply_write(cases[index].reply, cases[index].says_enhanced,
			    cases[index].enhanced_code, span_of(cases[index].detail), &out);
		CHECK_SPAN(cases[index].name, text_span(&out), cases[index].line);
		text_free(&out);
	}
}

static void test_reply_line_keeps_to_its_length(void **state)
{
	char detail[3000];
	struct text out;

	(void)state;
	memset(detail, 'x', sizeof(detail));
	text_init(&out, 4096);
	reply_write(REPLY_QUEUE_LATER, true, "", (struct span){detail, sizeof(detail)}, &out);
	assert_true(out.length <= 512); /* RFC 5321 section 4.5.3.1.5 */
	assert_true(out.length > 490);
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reply_table_is_complete_and_agrees_with_itself),
		cmocka_unit_test(test_reply_line),
		cmocka_unit_test(test_reply_line_keeps_to_its_length),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
