#include "queue/sendmail.h"

#include "support/check.h"

static void test_sendmail_writes_a_command_line(void **state)
{
	const struct {
		const char *name;
		struct span envelope;
		const char *expected; /* with a '|' behind each argument; or what is wrong */
		enum sendmail_step step;
	} cases[] = {
		{"one recipient", SPAN("Fa@b\0Tc@d\0"), "sendmail|-i|-f|a@b|--|c@d|",
		 SENDMAIL_READY},
		{"the null sender", SPAN("F\0Tc@d\0"), "sendmail|-i|-f|<>|--|c@d|", SENDMAIL_READY},
		{"options that are none", SPAN("F-t@b\0T-bs\0T--\0"),
		 "sendmail|-i|-f|-t@b|--|\"-bs\"|\"--\"|", SENDMAIL_READY},
		{"one recipient that looks like two", SPAN("Fa@b\0Tc@d,e@f.example\0"),
		 "sendmail|-i|-f|a@b|--|\"c@d,e\"@f.example|", SENDMAIL_READY},
		{"a domain that looks like two", SPAN("Fa@b\0Tc@d,e\0"), "c@d,e",
		 SENDMAIL_NO_ADDRESS},
		{"a sender that is none", SPAN("Fa@b\nc\0Tc@d\0"), "a@b?c", SENDMAIL_NO_ADDRESS},
		{"an empty recipient", SPAN("Fa@b\0T\0"), "", SENDMAIL_NO_ADDRESS},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct envelope envelope;
		struct sendmail sendmail;
		struct text line;
		enum sendmail_step step;

		text_init(&line, 1000);
		envelope_init(&envelope);
		envelope_feed(&envelope, cases[index].envelope);
		assert_int_equal(envelope_feed(&envelope, SPAN("\0")), ENVELOPE_DONE);
		step = sendmail_init(&sendmail, "sendmail", &envelope, &line);
		for (char **each = sendmail.arguments; each && *each; each++) {
			text_add_string(&line, *each);
			text_add_byte(&line, '|');
		}
		if (step != cases[index].step)
			fail_msg("%s: another step", cases[index].name);
		CHECK_SPAN(cases[index].name, text_span(&line), cases[index].expected);
		sendmail_free(&sendmail);
		envelope_free(&envelope);
		text_free(&line);
	}
}

static void test_sendmail_knows_exit_codes(void **state)
{
	static const struct {
		int code;
		enum queue_status status;
	} cases[] = {
		{0, QUEUE_OK},		 {64, QUEUE_BUG},	   {65, QUEUE_REFUSED},
		{66, QUEUE_BUG},	 {67, QUEUE_REFUSED},	   {68, QUEUE_REFUSED},
		{69, QUEUE_REFUSED_NOW}, {70, QUEUE_BUG},	   {71, QUEUE_REFUSED_NOW},
		{72, QUEUE_REFUSED_NOW}, {73, QUEUE_WRITE_ERROR},  {74, QUEUE_WRITE_ERROR},
		{75, QUEUE_REFUSED_NOW}, {76, QUEUE_REFUSED_NOW},  {77, QUEUE_REFUSED_NOW},
		{78, QUEUE_BUG},	 {100, QUEUE_REFUSED},	   {111, QUEUE_REFUSED_NOW},
		{1, QUEUE_REFUSED_NOW},	 {127, QUEUE_REFUSED_NOW}, {255, QUEUE_REFUSED_NOW},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (sendmail_status(cases[index].code) != cases[index].status)
			fail_msg("exit code %d", cases[index].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sendmail_writes_a_command_line),
		cmocka_unit_test(test_sendmail_knows_exit_codes),
	};

	return cmocka_run_group_tests_name("sendmail", tests, NULL, NULL);
}
