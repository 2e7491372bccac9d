#include "queue/envelope.h"

#include "support/check.h"

static enum envelope_step feed_in_pieces(struct envelope *envelope, struct span bytes, size_t piece)
{
	enum envelope_step step = ENVELOPE_MORE;

	envelope_init(envelope);
	while (bytes.length) {
		step = envelope_feed(envelope, span_head(bytes, piece));
		bytes = span_tail(bytes, piece);
	}
	return step;
}

static void test_envelope_knows_its_end(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		enum envelope_step step;
	} cases[] = {
		{"one recipient", SPAN("Fa@x\0Tb@y\0\0"), ENVELOPE_DONE},
		{"null sender", SPAN("F\0Tb@y\0\0"), ENVELOPE_DONE},
		{"no recipient", SPAN("Fa@x\0\0"), ENVELOPE_DONE},
		{"empty recipient", SPAN("Fa@x\0T\0\0"), ENVELOPE_DONE},
		{"what follows is ignored", SPAN("Fa@x\0Tb@y\0\0junk"), ENVELOPE_DONE},
		{"nothing", SPAN(""), ENVELOPE_MORE},
		{"a letter", SPAN("F"), ENVELOPE_MORE},
		{"half a sender", SPAN("Fa@"), ENVELOPE_MORE},
		{"only a sender", SPAN("Fa@x\0"), ENVELOPE_MORE},
		{"half a recipient", SPAN("Fa@x\0Tb"), ENVELOPE_MORE},
		{"no last NUL", SPAN("Fa@x\0Tb@y\0"), ENVELOPE_MORE},
		{"no sender", SPAN("\0"), ENVELOPE_GARBAGE},
		{"a recipient first", SPAN("Tb@y\0\0"), ENVELOPE_GARBAGE},
		{"two senders", SPAN("Fa@x\0Fa@x\0\0"), ENVELOPE_GARBAGE},
		{"some text", SPAN("hello"), ENVELOPE_GARBAGE},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t piece = 1; piece < 20; piece++) {
			struct envelope envelope;
			enum envelope_step step =
				feed_in_pieces(&envelope, cases[index].bytes, piece);

			if (step != cases[index].step)
				fail_msg("%s in pieces of %zu: %d and not %d", cases[index].name,
					 piece, (int)step, (int)cases[index].step);
			if (step == ENVELOPE_DONE &&
			    !span_ends_folded(text_span(&envelope.bytes), SPAN("\0\0")))
				fail_msg("%s: more than that is kept", cases[index].name);
			envelope_free(&envelope);
		}
}

static void test_envelope_bounds_addresses(void **state)
{
	for (size_t length = 1001; length < 1005; length++)
		for (unsigned which = 0; which < 2; which++) {
			struct text bytes;
			struct envelope envelope;

			(void)state;
			text_init(&bytes, 5000);
			text_add(&bytes, which ? SPAN("F\0T") : SPAN("F"));
			for (size_t index = 0; index < length; index++)
				text_add_byte(&bytes, 'a');
			assert_int_equal(feed_in_pieces(&envelope, text_span(&bytes), 100),
					 length > 1002 ? ENVELOPE_TOO_LONG : ENVELOPE_MORE);
			text_free(&bytes);
			envelope_free(&envelope);
		}
}

static void test_envelope_is_bounded(void **state)
{
	struct envelope envelope;
	enum envelope_step step;

	(void)state;
	envelope_init(&envelope);
	step = envelope_feed(&envelope, SPAN("F\0"));
	for (size_t index = 0; step == ENVELOPE_MORE; index++) {
		assert_true(index < ENVELOPE_LARGEST);
		step = envelope_feed(&envelope, SPAN("Tsomebody@example.org\0"));
	}
	assert_int_equal(step, ENVELOPE_FULL);
	assert_int_equal(envelope_feed(&envelope, SPAN("\0")), ENVELOPE_FULL);
	assert_int_equal(envelope_status(step), QUEUE_NO_MEMORY);
	envelope_free(&envelope);
}

static void test_envelope_gives_addresses(void **state)
{
	struct envelope envelope;
	struct span recipient;
	size_t position = 0;

	(void)state;
	feed_in_pieces(&envelope, SPAN("Fa@x\0Tb@y\0T\0Tc\0\0Tno\0"), 100);
	CHECK_SPAN("sender", envelope_sender(&envelope), "a@x");
	assert_true(envelope_recipient(&envelope, &position, &recipient));
	CHECK_SPAN("first", recipient, "b@y");
	assert_true(envelope_recipient(&envelope, &position, &recipient));
	CHECK_SPAN("second", recipient, "");
	assert_true(envelope_recipient(&envelope, &position, &recipient));
	CHECK_SPAN("third", recipient, "c");
	assert_false(envelope_recipient(&envelope, &position, &recipient));
	envelope_free(&envelope);
}

static void test_envelope_is_completed(void **state)
{
	char longest[1 + ENVELOPE_ADDRESS + sizeof("@x") + 2];
	struct envelope envelope;

	(void)state;
	feed_in_pieces(&envelope, SPAN("F\0Tb@y\0T\0T#@[]\0\0"), 100);
	assert_false(envelope_lacks_domain(&envelope));
	envelope_free(&envelope);
	feed_in_pieces(&envelope, SPAN("Fa@x\0Tb@y\0Tc\0\0"), 100);
	assert_true(envelope_lacks_domain(&envelope));
	envelope_free(&envelope);
	feed_in_pieces(&envelope, SPAN("Fa\0Tb@y\0T\0Tc\0\0Tno\0"), 100);
	assert_true(envelope_lacks_domain(&envelope));
	assert_int_equal(envelope_complete(&envelope, SPAN("z.example")), ENVELOPE_DONE);
	assert_true(span_equal(text_span(&envelope.bytes),
			       SPAN("Fa@z.example\0Tb@y\0T\0Tc@z.example\0\0")));
	assert_false(envelope_lacks_domain(&envelope));
	envelope_free(&envelope);
	for (size_t length = ENVELOPE_ADDRESS - 2; length <= ENVELOPE_ADDRESS; length++) {
		memcpy(longest, "F\0T", 3);
		memset(longest + 3, 'a', length);
		memset(longest + 3 + length, '\0', 2);
		feed_in_pieces(&envelope, (struct span){longest, 3 + length + 2}, 100);
		assert_int_equal(envelope_complete(&envelope, SPAN("x")),
				 length + 2 <= ENVELOPE_ADDRESS ? ENVELOPE_DONE
								: ENVELOPE_TOO_LONG);
		envelope_free(&envelope);
	}
}

static void test_envelope_lines_cannot_be_forged(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		const char *lines;
	} cases[] = {
		{"plain", SPAN("Fa@x\0Tb.c+d@y\0Te@z\0\0"),
		 "Return-Path: <a@x>\nX-Envelope-To: <b.c+d@y>\nX-Envelope-To: <e@z>\n"},
		{"null sender, local recipient", SPAN("F\0Tpostmaster\0\0"),
		 "Return-Path: <>\nX-Envelope-To: <postmaster>\n"},
		{"LF", SPAN("Fa\nSubject: b@x\0T\r\n\nb@y\0\0"),
		 "Return-Path: <\"a?Subject: b\"@x>\nX-Envelope-To: <???b@y>\n"},
		{"LF in the domain", SPAN("Fa@x\nSubject:> <y\0\0"),
		 "Return-Path: <a@x?Subject:???y>\n"},
		{"a bracket and a quote", SPAN("Fa> \"\\b@x\0\0"),
		 "Return-Path: <\"a> \\\"\\\\b\"@x>\n"},
		{"dots that need quotes", SPAN("Fa..b@x\0\0"), "Return-Path: <\"a..b\"@x>\n"},
		{"at the beginning", SPAN("F.a@x\0\0"), "Return-Path: <\".a\"@x>\n"},
		{"at the end", SPAN("Fa.@x\0\0"), "Return-Path: <\"a.\"@x>\n"},
		{"a recipient as it is", SPAN("F\0Tyou@there@\"fix me\\\0\0"),
		 "Return-Path: <>\nX-Envelope-To: <you@there@\"fix me\\>\n"},
		{"two at signs", SPAN("Fa@b@x\0\0"), "Return-Path: <\"a@b\"@x>\n"},
		{"eight bits stay", SPAN("F\xc3\xa9@x\xc3\xa9\0\0"),
		 "Return-Path: <\xc3\xa9@x\xc3\xa9>\n"},
		{"no local part", SPAN("F@x\0\0"), "Return-Path: <@x>\n"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct envelope envelope;
		struct text lines;

		text_init(&lines, 1000);
		assert_int_equal(feed_in_pieces(&envelope, cases[index].bytes, 3), ENVELOPE_DONE);
		envelope_write_lines(&envelope, &lines);
		CHECK_SPAN(cases[index].name, text_span(&lines), cases[index].lines);
		text_free(&lines);
		envelope_free(&envelope);
	}
}

static void test_envelope_says_what_was_wrong(void **state)
{
	(void)state;
	assert_int_equal(envelope_status(ENVELOPE_DONE), 0);
	assert_int_equal(envelope_status(ENVELOPE_MORE), 54);
	assert_int_equal(envelope_status(ENVELOPE_TOO_LONG), 11);
	assert_int_equal(envelope_status(ENVELOPE_GARBAGE), 91);
	assert_int_equal(envelope_status(ENVELOPE_FULL), 51);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope_knows_its_end),
		cmocka_unit_test(test_envelope_bounds_addresses),
		cmocka_unit_test(test_envelope_is_bounded),
		cmocka_unit_test(test_envelope_gives_addresses),
		cmocka_unit_test(test_envelope_is_completed),
		cmocka_unit_test(test_envelope_lines_cannot_be_forged),
		cmocka_unit_test(test_envelope_says_what_was_wrong),
	};

	return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
