#include "support/talk.h"

static const char login[] = "127.0.0.1 ann:secret\n";
static const struct {
	const char *name, *kind, *login;
	struct step steps[MOST_STEPS];
	enum verdict verdict;
	enum queue_status status;
	const char *words; /* NULL: any */
} cases[] = {
	{"PLAIN",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH LOGIN PLAIN\r\n"},
	  {"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", "235 in\r\n"}},
	 VERDICT_YES,
	 0,
	 NULL},
	{"LOGIN",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH LOGIN\r\n"},
	  {"AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"},
	  {"YW5u\r\n", "334 UGFzc3dvcmQ6\r\n"},
	  {"c2VjcmV0\r\n", "235 in\r\n"}},
	 VERDICT_YES,
	 0,
	 NULL},
	{"a login refused",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH PLAIN\r\n"},
	  {"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", "535 5.7.8 no\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop refuses our login (#4.7.8)"},
	{"one who says it aloud",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH PLAIN\r\n"},
	  {"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", "535 no secret\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop refuses our login (#4.7.8)"},
	{"or as it was said",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH LOGIN\r\n"},
	  {"AUTH LOGIN\r\n", "334 \r\n"},
	  {"YW5u\r\n", "334 \r\n"},
	  {"c2VjcmV0\r\n", "501 what is c2VjcmV0\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop refuses our login (#4.7.8)"},
	{"a user refused",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH LOGIN\r\n"},
	  {"AUTH LOGIN\r\n", "334 \r\n"},
	  {"YW5u\r\n", "535 no\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop refuses our login (#4.7.8)"},
	{"gone in a login",
	 "",
	 login,
	 {{GREETING},
	  {HELLO, "250-next\r\n250 AUTH LOGIN\r\n"},
	  {"AUTH LOGIN\r\n", "334 \r\n"},
	  {"YW5u\r\n", NULL}},
	 VERDICT_LATER,
	 QUEUE_CONNECTION_FAILED,
	 ""},
	{"no login",
	 "",
	 login,
	 {{GREETING}, {HELLO, "250-next\r\n250 AUTH CRAM-MD5\r\n"}},
	 VERDICT_LATER,
	 0,
	 "the next hop offers no login (#4.7.4)"},
	{"a login for another",
	 "",
	 "x ann:secret\n",
	 {{GREETING}, {HELLO, "250-next\r\n250 AUTH PLAIN\r\n"}},
	 VERDICT_YES,
	 0,
	 NULL},
};

static void test_smtp_login_is_said_where_it_is_wanted(void **state)
{
	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct talk talk;

		talk_begin(&talk, cases[index].kind, cases[index].login, cases[index].steps);
		smtp_client_open(&talk.client, &talk.route, &talk.result);
		talk_check(&talk, cases[index].name, cases[index].verdict, cases[index].status,
			   cases[index].words);
		talk_end(&talk, cases[index].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smtp_login_is_said_where_it_is_wanted),
	};

	return cmocka_run_group_tests_name("smtp_login", tests, NULL, NULL);
}
