#include "smtp/received.h"

#include <time.h>

#include "support/check.h"

static void test_received_says_who_and_when(void **state)
{
	const struct {
		const char *name;
		struct received fields;
		const char *line;
	} cases[] = {
		{"all",
		 {SPAN("c.example"), SPAN("192.0.2.1"), true, SPAN("joe"), SPAN("hi.example"),
		  SPAN("me.example"), SPAN("ESMTP"), 1795568287},
		 "Received: from c.example (HELO hi.example) (joe@192.0.2.1)\n"
		 "  by me.example with ESMTP; 25 Nov 2026 00:58:07 -0000\n"},
		{"no info",
		 {SPAN("unknown"), SPAN("2001:db8::1"), false, SPAN("x"), SPAN("hi"), SPAN("me"),
		  SPAN("SMTP"), 0},
		 "Received: from unknown (HELO hi) (2001:db8::1)\n"
		 "  by me with SMTP; 1 Jan 1970 00:00:00 -0000\n"},
		{"empty info",
		 {SPAN("h"), SPAN("192.0.2.1"), true, SPAN(""), SPAN(""), SPAN("me"), SPAN("SMTP"),
		  86399},
		 "Received: from h (@192.0.2.1)\n  by me with SMTP; 1 Jan 1970 23:59:59 -0000\n"},
		{"same name",
		 {SPAN("c.example"), SPAN("192.0.2.1"), false, SPAN(""), SPAN("C.Example"),
		  SPAN("me"), SPAN("SMTP"), 951782400},
		 "Received: from c.example (192.0.2.1)\n"
		 "  by me with SMTP; 29 Feb 2000 00:00:00 -0000\n"},
		{"nothing is forged",
		 {SPAN("h) by x; "), SPAN("i\np"), true, SPAN("a(b)\\"),
		  SPAN("x)\r\nReceived: y\xe4\x7f"), SPAN("me\""), SPAN("SMTP"), 4107542400},
		 "Received: from h??by?x?? (HELO x???Received:?y?"
		 "?) (a?b??@i?p)\n"
		 "  by me? with SMTP; 1 Mar 2100 00:00:00 -0000\n"},
		{"last day of a year",
		 {SPAN("h"), SPAN("i"), false, SPAN(""), SPAN(""), SPAN("me"), SPAN("UTF8SMTP"),
		  1767225599},
		 "Received: from h (i)\n  by me with UTF8SMTP; 31 Dec 2025 23:59:59 -0000\n"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text out;

		text_init(&out, 4096);
		received_write(&cases[index].fields, &out);
		CHECK_SPAN(cases[index].name, text_span(&out), cases[index].line);
		text_free(&out);
	}
}

/* For 800 years, against the C library's calendar. */
static void test_received_knows_every_day(void **state)
{
	struct received fields = {SPAN("h"), SPAN("i"), false,	      SPAN(""),
				  SPAN(""),  SPAN("m"), SPAN("SMTP"), 0};
	char line[128], room[128];
	struct text out;

	(void)state;
	text_init_in(&out, room, sizeof(room));
	for (time_t day = 0; day < 800 * 366; day++) {
		struct tm date;

		fields.seconds = day * 86400;
		text_clear(&out);
		received_write(&fields, &out);
		gmtime_r(&(time_t){fields.seconds}, &date);
		strftime(line, sizeof(line),
			 "Received: from h (i)\n  by m with SMTP; %e %b %Y 00:00:00 -0000\n",
			 &date);
		if (date.tm_mday < 10) /* %e writes a blank in front */
			memmove(strchr(line, ';') + 2, strchr(line, ';') + 3,
				strlen(strchr(line, ';') + 3) + 1);
		if (strcmp(line, text_string(&out)) != 0)
			fail_msg("day %ld: %s", (long)day, text_string(&out));
	}
}

/* RFC 5322 section 2.1.1: 998 characters at most. */
static void test_received_has_lines_of_bounded_length(void **state)
{
	char much[3000];
	const struct span long_word = {much, sizeof(much)};
	const struct received fields = {long_word, long_word, true,	    long_word,
					long_word, long_word, SPAN("SMTP"), 0};
	struct span rest, line;
	struct text out;

	(void)state;
	memset(much, 'x', sizeof(much));
	text_init(&out, 20000);
	received_write(&fields, &out);
	assert_false(out.failed);
	rest = text_span(&out);
	while (span_next_line(&rest, &line))
		assert_true(line.length <= 998);
	text_free(&out);
}

static void test_received_tells_of_smtputf8(void **state)
{
	static const struct {
		const char *name, *message;
		bool is_utf8;
	} cases[] = {
		{"it was given", "Received: from h (i)\n  by me with UTF8SMTP; date\nTo: x\n",
		 true},
		{"with TLS", "Received: from h (i)\n  by me with UTF8SMTPSA; date\n", true},
		{"no name of ours", "Received: from h (i)\n  by  with UTF8SMTPSA; date\n", true},
		{"it was not", "Received: from h (i)\n  by me with ESMTP; date\nTo: x\n", false},
		{"in a name", "Received: from h (with?UTF8SMTP)\n  by me with ESMTP; date\n",
		 false},
		{"in another field", "X: y\n  by me with UTF8SMTP\n", false},
		{"in the second field",
		 "Received: from h (i)\n  by me with ESMTP; date\n"
		 "Received: from h (i)\n  by me with UTF8SMTP; date\n",
		 false},
		{"the first line alone", "Received: from h (i)\n", false},
		{"it ends early", "Received: from h (i)\n  by me", false},
		{"nothing", "", false},
	};
	const struct received fields = {.protocol = SPAN("UTF8SMTPS")};
	struct text out;

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (received_is_utf8(span_of(cases[index].message)) != cases[index].is_utf8)
			fail_msg("%s", cases[index].name);
	text_init(&out, 1000);
	received_write(&fields, &out);
	assert_true(received_is_utf8(text_span(&out)));
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_received_says_who_and_when),
		cmocka_unit_test(test_received_knows_every_day),
		cmocka_unit_test(test_received_has_lines_of_bounded_length),
		cmocka_unit_test(test_received_tells_of_smtputf8),
	};

	return cmocka_run_group_tests_name("received", tests, NULL, NULL);
}
