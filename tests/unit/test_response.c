#include "queue/response.h"

#include "support/check.h"

static void test_response_reads_replies(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		const char *written; /* NULL: malformed; "": not complete */
		size_t left;	     /* bytes behind it */
	} cases[] = {
		{"one line", SPAN("250 ok\r\n"), "250 ok", 0},
		{"LF alone", SPAN("250 ok\n"), "250 ok", 0},
		{"a code alone", SPAN("354\r\n"), "354", 0},
		{"several lines", SPAN("550-no\r\n550-such\r\n550 user\r\n"), "550 no such user",
		 0},
		{"an enhanced code", SPAN("550 5.1.1 no such user\r\n"),
		 "550 5.1.1 no such user (#5.1.1)", 0},
		{"an enhanced code alone", SPAN("500 5.5.1\r\n"), "500 5.5.1 (#5.5.1)", 0},
		{"one that goes on", SPAN("599 5.1.1x\r\n"), "599 5.1.1x", 0},
		{"one of another class", SPAN("450 5.1.1 x\r\n"), "450 5.1.1 x", 0},
		{"one that is none", SPAN("550 5.1 x\r\n"), "550 5.1 x", 0},
		{"one without its dot", SPAN("550 5-1.1 x\r\n"), "550 5-1.1 x", 0},
		{"its first line's", SPAN("550-5.7.1 a\r\n550 5.7.1 b\r\n"),
		 "550 5.7.1 a 5.7.1 b (#5.7.1)", 0},
		{"its last line's", SPAN("550-no\r\n550-such\r\n550 5.1.1 user\r\n"),
		 "550 no such 5.1.1 user (#5.1.1)", 0},
		{"bytes of strangers", SPAN("550 a\0b\xff\x1b\r\n"), "550 a?b??", 0},
		{"the next reply is left", SPAN("250 ok\r\n250 more\r\n"), "250 ok", 10},
		{"not complete", SPAN("250 ok"), "", 0},
		{"nor so", SPAN("250-ok\r\n"), "", 0},
		{"nor so", SPAN("25"), "", 0},
		{"no code", SPAN("hello\r\n"), NULL, 0},
		{"a short line", SPAN("25\r\n"), NULL, 2},
		{"an empty line", SPAN("\r\n"), NULL, 0},
		{"another code in the next line", SPAN("250-a\r\n550 b\r\n"), NULL, 0},
		{"a letter in the code", SPAN("2x0 ok\r\n"), NULL, 0},
		{"at its end", SPAN("25: ok\r\n"), NULL, 0},
		{"a CR behind the code", SPAN("250\rok\r\n"), NULL, 0},
		{"a short line behind a good one", SPAN("250-a\n25\n250 b\n"), NULL, 0},
		{"too small a code", SPAN("150 x\r\n"), NULL, 0},
		{"too large a code", SPAN("650 x\r\n"), NULL, 0},
		{"no blank", SPAN("250ok\r\n"), NULL, 0},
		{"a NUL", SPAN("2\00050 x\r\n"), NULL, 0},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t piece = 1; piece <= 100; piece += 99) {
			struct span rest = cases[index].bytes;
			enum response_step step = RESPONSE_MORE;
			struct response response;
			struct text words;

			text_init(&words, 1000);
			response_init(&response);
			while (rest.length && step == RESPONSE_MORE) {
				struct span part = span_head(rest, piece);
				size_t given = part.length;

				step = response_feed(&response, &part);
				rest = span_tail(rest, given - part.length);
			}
			if (step == RESPONSE_DONE)
				response_write(&response, &words);
			if ((step == RESPONSE_MALFORMED) != (cases[index].written == NULL))
				fail_msg("%s: malformed or not", cases[index].name);
			if (step != RESPONSE_MALFORMED)
				CHECK_SPAN(cases[index].name, text_span(&words),
					   cases[index].written);
			if (step == RESPONSE_DONE)
				assert_int_equal(rest.length, cases[index].left);
			response_free(&response);
			text_free(&words);
		}
}

static void test_response_is_for_good_or_for_now(void **state)
{
	static const struct {
		unsigned code;
		enum verdict verdict;
	} cases[] = {
		{200, VERDICT_YES},   {250, VERDICT_YES},   {354, VERDICT_LATER},
		{421, VERDICT_LATER}, {499, VERDICT_LATER}, {500, VERDICT_NO},
		{599, VERDICT_NO},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct response response = {.code = cases[index].code};

		assert_int_equal(response_verdict(&response), cases[index].verdict);
	}
}

static void test_response_is_bounded(void **state)
{
	struct response response;
	struct text words;
	struct span line;
	static char long_line[100000];
	size_t fed = 0;

	(void)state;
	memset(long_line, '5', sizeof(long_line));
	text_init(&words, 1000);
	response_init(&response);
	for (unsigned index = 0; index < 1000; index++) {
		line = SPAN("550-a line that is one of a thousand of its kind\r\n");
		assert_int_equal(response_feed(&response, &line), RESPONSE_MORE);
	}
	line = SPAN("550 end\r\n");
	assert_int_equal(response_feed(&response, &line), RESPONSE_DONE);
	response_write(&response, &words);
	assert_int_equal(response_verdict(&response), VERDICT_NO);
	assert_true(words.length < 250);
	assert_true(response.text.length <= RESPONSE_KEPT);

	response_clear(&response);
	do {
		line = (struct span){long_line, sizeof(long_line)};
		fed += sizeof(long_line);
	} while (response_feed(&response, &line) == RESPONSE_MORE);
	assert_true(fed <= sizeof(long_line)); /* the digits are no code and a blank */
	response_clear(&response);
	long_line[3] = ' ';
	line = (struct span){long_line, sizeof(long_line)};
	for (fed = 0; response_feed(&response, &line) == RESPONSE_MORE; fed++)
		line = (struct span){long_line + 10, sizeof(long_line) - 10};
	assert_true(fed <= RESPONSE_LARGEST / (sizeof(long_line) - 10) + 1);
	response_free(&response);
	text_free(&words);
}

static void test_response_tells_extensions(void **state)
{
	struct span bytes = SPAN("250-next.example SIZE\r\n250-size 1000\r\n250-8BITMIME\r\n"
				 "250 AUTH PLAIN LOGIN\r\n");
	struct span arguments;
	struct response response;

	(void)state;
	response_init(&response);
	assert_int_equal(response_feed(&response, &bytes), RESPONSE_DONE);
	assert_true(response_offers(&response, SPAN("SIZE"), &arguments));
	CHECK_SPAN("SIZE", arguments, "1000");
	assert_true(response_offers(&response, SPAN("AUTH"), &arguments));
	CHECK_SPAN("AUTH", arguments, "PLAIN LOGIN");
	assert_true(response_offers(&response, SPAN("8BITMIME"), &arguments));
	assert_false(response_offers(&response, SPAN("SMTPUTF8"), &arguments));
	assert_false(response_offers(&response, SPAN("next.example"), &arguments));
	response_free(&response);
}

static void test_response_552_may_mean_too_many_recipients(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		bool expected;
	} cases[] = {
		{"no enhanced code", SPAN("552 too many\r\n"), true},
		{"none of its class", SPAN("552 4.2.2 too many\r\n"), true},
		{"that of too many recipients", SPAN("552 5.5.3 too many\r\n"), true},
		{"in several lines", SPAN("552-5.5.3 too\r\n552 5.5.3 many\r\n"), true},
		{"a full mailbox", SPAN("552 5.2.2 full\r\n"), false},
		{"too large", SPAN("552 5.3.4 too large\r\n"), false},
		{"a longer code", SPAN("552 5.5.30 x\r\n"), false},
		{"another reply", SPAN("550 5.5.3 no\r\n"), false},
		{"a good one", SPAN("250 ok\r\n"), false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span bytes = cases[index].bytes;
		struct response response;

		response_init(&response);
		assert_int_equal(response_feed(&response, &bytes), RESPONSE_DONE);
		if (response_is_too_many(&response) != cases[index].expected)
			fail_msg("%s", cases[index].name);
		response_free(&response);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_response_reads_replies),
		cmocka_unit_test(test_response_is_for_good_or_for_now),
		cmocka_unit_test(test_response_is_bounded),
		cmocka_unit_test(test_response_tells_extensions),
		cmocka_unit_test(test_response_552_may_mean_too_many_recipients),
	};

	return cmocka_run_group_tests_name("response", tests, NULL, NULL);
}
