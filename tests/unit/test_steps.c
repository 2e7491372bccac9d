#include "explain/steps.h"

#include <stdlib.h>

#include "explain/advice.h"
#include "support/check.h"
#include "support/control_directory.h"

static int start_fresh(void **state)
{
	(void)state;
	unsetenv("RELAYCLIENT");
	unsetenv("RELAYUNKNOWN");
	unsetenv("ODDADDRESS");
	control_directory_clear();
	control_directory_put("me", SPAN("mail.example.org\n"));
	control_directory_put("rcpthosts", SPAN("# ours\nexample.org\n"));
	control_directory_put("badmailfrom", SPAN("\n@bad.example\n"));
	return 0;
}

static void test_steps_name_what_decided(void **state)
{
	static const char *const mailboxes[] = {"ann@example.org", NULL};
	static const struct {
		const char *name, *variable, *sender, *recipient, *step, *file;
		uint64_t line;
		const char *reply;
	} cases[] = {
		{"hosted", NULL, "<>", "ann@example.org", "recipients", "recipients.cdb", 0,
		 "250 2.1.5 ok"},
		{"no mailbox", NULL, "<>", "bob@example.org", "recipients", "recipients.cdb", 0,
		 "550 5.1.1 sorry, no mailbox here by that name (#5.1.1)"},
		{"not hosted", NULL, "<>", "bob@elsewhere.example", "refusal", NULL, 0,
		 "553 5.7.1 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"},
		{"unknown", "RELAYUNKNOWN", "<>", "bob@elsewhere.example", "relayunknown", NULL, 0,
		 "451 4.7.1 sorry, I can't tell right now whether you may relay (#4.7.1)"},
		{"an odd form", NULL, "<>", "a%b@example.org", "odd-form", NULL, 0,
		 "553 5.7.1 sorry, I don't take that form of address (#5.7.1)"},
		{"an odd form, unknown", "RELAYUNKNOWN", "<>", "a%b@example.org", "odd-form", NULL,
		 0, "553 5.7.1 sorry, I don't take that form of address (#5.7.1)"},
		{"a customer", "RELAYCLIENT", "<>", "bob@elsewhere.example", "relayclient",
		 "tcp.smtp", 5, "250 2.1.5 ok"},
		{"a bad sender, though a customer", "RELAYCLIENT", "x@bad.example",
		 "bob@elsewhere.example", "badmailfrom", "badmailfrom", 2,
		 "553 5.7.1 sorry, your envelope sender is in my badmailfrom list (#5.7.1)"},
		{"local", NULL, "<>", "postmaster", "local", NULL, 0, "250 2.1.5 ok"},
		{"no address", NULL, "<>", "<a@b", "syntax", NULL, 0,
		 "501 5.1.3 syntax error in recipient address (#5.1.3)"},
		{"no sender", NULL, "no\"sender", "ann@example.org", "sender", NULL, 0,
		 "503 5.5.1 MAIL first (#5.5.1)"},
	};

	(void)state;
	control_directory_put_cdb("recipients.cdb", mailboxes);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct steps_rule rule = {SPAN("+RELAYCLIENT=\0"), "tcp.smtp", 5};
		struct settings settings;
		struct trial trial;
		struct steps steps;
		const struct step *step;
		struct text why;
		char path[200];

		start_fresh(NULL);
		control_directory_put_cdb("recipients.cdb", mailboxes);
		if (cases[index].variable)
			setenv(cases[index].variable, "", 1);
		text_init(&why, 1000);
		assert_true(settings_read(&settings, false, &why));
		trial_init(&trial, &settings);
		trial_hold(&trial, false, span_of(cases[index].sender),
			   span_of(cases[index].recipient));
		steps_init(&steps, &trial, &rule);
		steps_tell(&steps);
		step = steps_decision(&steps);
		assert_false(steps.failed || trial.failed);
		CHECK_SPAN(cases[index].name, span_of(step->name), cases[index].step);
		CHECK_SPAN(cases[index].name, text_span(&trial.reply), cases[index].reply);
		assert_true(step->decides && step->says.length);
		if (cases[index].file && strcmp(cases[index].file, "tcp.smtp") != 0)
			CHECK_SPAN(cases[index].name, text_span(&step->file),
				   control_directory_path(cases[index].file, path));
		else
			CHECK_SPAN(cases[index].name, text_span(&step->file),
				   cases[index].file ? cases[index].file : "");
		assert_int_equal(step->line, cases[index].line);
		steps_free(&steps);
		trial_free(&trial);
		settings_free(&settings);
		text_free(&why);
	}
}

static void test_advice_can_be_pasted(void **state)
{
	static const struct {
		const char *name, *ip, *cdb, *rules, *key, *words, *text;
	} cases[] = {
		{"IPv4", "192.0.2.1", "a/x.cdb", "a/x", NULL,
		 "    192.0.2.1:allow,RELAYCLIENT=\"\"\n    tcprules a/x.cdb a/x.tmp < a/x\n",
		 NULL},
		{"IPv6", "2001:db8::1", "x.cdb", NULL, NULL,
		 "    [2001:db8::1]:allow,RELAYCLIENT=\"\"\n    tcprules x.cdb x.tmp < x\n", NULL},
		{"odd names", "192.0.2.1", "a b.cdb", "it's", NULL,
		 "    tcprules 'a b.cdb' 'a b.tmp' < 'it'\\''s'\n", NULL},
		{"no names", "192.0.2.1", NULL, NULL, NULL,
		 "    tcprules tcp.smtp.cdb tcp.smtp.tmp < tcp.smtp\n", NULL},
		{"only a text", "192.0.2.1", NULL, "rules", NULL,
		 "    tcprules rules.cdb rules.tmp < rules\n", NULL},
		{"an option-like name", "192.0.2.1", "-x.cdb", NULL, NULL, "tcprules '-x.cdb'",
		 NULL},
		{"a rule of his own", "192.0.2.1", "x.cdb", "x", "192.0.2.1",
		 "in place of its present rule, write this into x, line 9, and compile it.",
		 "192.0.2.1/32:deny"},
		{"a rule of unknown text", "192.0.2.1", "x.cdb", "x", "192.0.2.1",
		 "in place of its present rule, or in front of that if it is for others as well, "
		 "write this into x, and compile it.",
		 NULL},
		{"a range", "192.0.2.1", "x.cdb", "x", "192.0.2.1",
		 "so put this line in front of it (tcprules will tell that it comes first): x, "
		 "line 9, and compile it.\n    192.0.2.1:allow,",
		 "192.0.2.1-9:deny"},
		{"an ident answer", "192.0.2.1", "x.cdb", "x", "j@o@192.0.2.1",
		 "write this into x, line 9, and compile it.\n    j@o@192.0.2.1:allow,",
		 "j@o@192.0.2.1:deny"},
		{"an ident answer and a name", "2001:db8::1", "x.cdb", "x", "joe@=pc.x.example",
		 "add this line to x, and compile it.\n    joe@[2001:db8::1]:allow,RELAY",
		 "joe@=pc.x.example:deny"},
		{"what it sets", "192.0.2.1", "x.cdb", "x", "192.0.2.", "present one sets: A=1.\n",
		 NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct advice_about about = {
			.cdb = cases[index].cdb,
			.rules = cases[index].rules,
			.data = SPAN("+A=1\0+RELAYCLIENT=\0"),
			.key = span_of(cases[index].key),
			.line = cases[index].text ? 9 : 0,
			.text = span_of(cases[index].text),
		};
		struct text out;

		assert_true(address_read(cases[index].ip, &about.client));
		text_init(&out, 10000);
		advice_write_denied(&about, &out);
		if (!strstr(text_string(&out), cases[index].words))
			fail_msg("%s: %s", cases[index].name, text_string(&out));
		text_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_steps_name_what_decided, start_fresh),
		cmocka_unit_test(test_advice_can_be_pasted),
	};

	return cmocka_run_group_tests_name("steps", tests, control_directory_make,
					   control_directory_remove);
}
