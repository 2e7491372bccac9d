#include "support/talk.h"

static const struct talk_case cases[] = {
	{"as it should", "", "", {{GREETING}, {HELLO, "250 next\r\n"}}, VERDICT_YES, 0, NULL},
	{"one who knows no EHLO",
	 "",
	 "",
	 {{GREETING}, {HELLO, "502 what\r\n"}, {"HELO me.example\r\n", "250 next\r\n"}},
	 VERDICT_YES,
	 0,
	 NULL},
	{"nor HELO",
	 "",
	 "",
	 {{GREETING}, {HELLO, "502 what\r\n"}, {"HELO me.example\r\n", "502 what?\r\n"}},
	 VERDICT_LATER,
	 0,
	 "502 what?"},
	{"EHLO put off",
	 "",
	 "",
	 {{GREETING}, {HELLO, "421 wait\r\n"}},
	 VERDICT_LATER,
	 0,
	 "421 wait"},
	{"a greeting that refuses",
	 "",
	 "",
	 {{NULL, "554 5.7.1 go away\r\n"}},
	 VERDICT_LATER,
	 0,
	 "554 5.7.1 go away (#5.7.1)"},
	{"LMTP",
	 "lmtp:",
	 "",
	 {{GREETING}, {"LHLO me.example\r\n", "250 next\r\n"}},
	 VERDICT_YES,
	 0,
	 NULL},
	{"LMTP refused",
	 "lmtp:",
	 "",
	 {{GREETING}, {"LHLO me.example\r\n", "500 what\r\n"}},
	 VERDICT_LATER,
	 0,
	 "500 what"},
	{"no greeting", "", "", {{NULL, NULL}}, VERDICT_LATER, QUEUE_TIMED_OUT, ""},
	{"a greeting that is none",
	 "",
	 "",
	 {{NULL, "hello\r\n"}},
	 VERDICT_LATER,
	 QUEUE_CONNECTION_FAILED,
	 ""},
	{"half a reply",
	 "",
	 "",
	 {{GREETING}, {HELLO, "250-next\r\n25"}, {"", NULL}},
	 VERDICT_LATER,
	 QUEUE_CONNECTION_FAILED,
	 ""},
	{"silence", "", "", {{GREETING}, {HELLO, SILENT}}, VERDICT_LATER, QUEUE_TIMED_OUT, ""},
	{"the end behind EHLO",
	 "",
	 "",
	 {{GREETING}, {HELLO, NULL}},
	 VERDICT_LATER,
	 QUEUE_CONNECTION_FAILED,
	 ""},

	{"no TLS",
	 "starttls:",
	 "",
	 {{GREETING}, {HELLO, "250 next\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop offers no TLS (#4.7.4)"},
	{"no TLS now",
	 "starttls:",
	 "",
	 {{GREETING}, {HELLO, "250-next\r\n250 STARTTLS\r\n"}, {"STARTTLS\r\n", "454 no\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop offers no TLS (#4.7.4)"},
	{"TLS that is none",
	 "starttls:",
	 "",
	 {{GREETING},
	  {HELLO, "250-next\r\n250 STARTTLS\r\n"},
	  {"STARTTLS\r\n", "220 go\r\n"},
	  {"\x16", "nonsense\r\n"},
	  {"", NULL}},
	 VERDICT_LATER,
	 0,
	 "there is no trusted TLS with the next hop (#4.7.5)"},
	{"more behind 220",
	 "starttls:",
	 "",
	 {{GREETING},
	  {HELLO, "250-next\r\n250 STARTTLS\r\n"},
	  {"STARTTLS\r\n", "220 go\r\n250 next\r\n"}},
	 VERDICT_LATER,
	 QUEUE_CONNECTION_FAILED,
	 ""},

};

static void test_smtp_greeting_is_no_verdict_on_a_message(void **state)
{
	(void)state;
	talk_open_each(cases, LENGTH(cases));
}

static void test_smtp_greeting_where_nobody_listens(void **state)
{
	static const struct step nothing[MOST_STEPS] = {{NULL, NULL}};
	struct talk talk;
	struct route route;
	const char *why;

	(void)state;
	talk_begin(&talk, "", "", nothing);
	assert_true(route_read(SPAN("/nowhere/socket"), &route, &why));
	smtp_client_open(&talk.client, &route, &talk.result);
	talk_check(&talk, "no socket", VERDICT_LATER, QUEUE_CONNECTION_REFUSED, "");
	talk.settings.step_time = SILENCE;
	smtp_client_open(&talk.client, &talk.route, &talk.result); /* it would wait for ever */
	talk_end(&talk, "no socket");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp_greeting_is_no_verdict_on_a_message),
		cmocka_unit_test(test_smtp_greeting_where_nobody_listens),
	};

	return cmocka_run_group_tests_name("smtp_greeting", tests, NULL, NULL);
}
