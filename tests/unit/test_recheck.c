#include "host/recheck.h"

#include "support/check.h"
#include "support/fake_host.h"

#define X10  "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X500 X100 X100 X100 X100 X100

static void test_recheck_takes_what_an_obedient_session_makes(void **state)
{
	static const struct {
		const char *name;
		struct span envelope;
		bool is_good, may_relay, logs_in, needs_auth;
	} cases[] = {
		{"hosted", BYTES("Fa@b\0Tc@example.org\0\0"), true, false, false, false},
		{"local", BYTES("Fa@b\0Tpostmaster\0\0"), true, false, false, false},
		{"null sender", BYTES("F\0Tc@example.org\0\0"), true, false, false, false},
		{"elsewhere", BYTES("Fa@b\0Tc@elsewhere.example\0\0"), false, false, false, false},
		{"elsewhere, second", BYTES("Fa@b\0Tc@example.org\0Tc@elsewhere.example\0\0"),
		 false, false, false, false},
		{"elsewhere, first", BYTES("Fa@b\0Tc@elsewhere.example\0Tc@example.org\0\0"), false,
		 false, false, false},
		{"a single letter", BYTES("F\0Tc\0\0"), true, false, false, false},
		{"longer than any", BYTES("F\0T" X500 X500 X500 X500 "\0\0"), false, true, false,
		 false},
		{"odd", BYTES("Fa@b\0Tc%elsewhere.example@example.org\0\0"), false, false, false,
		 false},
		{"a customer", BYTES("Fa@b\0Tc@elsewhere.example\0\0"), true, true, false, false},
		{"who has logged in", BYTES("Fa@b\0Tc@elsewhere.example\0\0"), true, false, true,
		 true},
		{"who had to", BYTES("Fa@b\0Tc@example.org\0\0"), false, false, false, true},
		{"a bad sender", BYTES("Fspam@spam.example\0Tc@example.org\0\0"), false, true,
		 false, false},
		{"too many", BYTES("Fa@b\0Tc@example.org\0Td@example.org\0Te@example.org\0\0"),
		 false, false, false, false},
		{"nobody", BYTES("Fa@b\0\0"), false, true, false, false},
		{"an empty recipient", BYTES("Fa@b\0T\0\0"), false, true, false, false},
		{"no end", BYTES("Fa@b\0Tc@example.org\0"), false, true, false, false},
		{"more behind the end", BYTES("Fa@b\0Tc@example.org\0\0T"), false, true, false,
		 false},
		{"no NUL at the end", BYTES("Fa@b\0Tc@example.org\0X"), false, true, false, false},
		{"another letter", BYTES("Xa@b\0Tc@example.org\0\0"), false, true, false, false},
		{"no envelope", BYTES(""), false, true, false, false},
		{"no sender", BYTES("Tc@example.org\0\0"), false, true, false, false},
		{"quoted once", BYTES("Fa b@c\0T\"c\\@example.org\0\0"), true, false, false, false},
		{"beyond ASCII", BYTES("F\xc3\xa4@b\0T\xc3\xa4@example.org\0\0"), true, false,
		 false, false},
		{"a double bounce", BYTES("F#@[]\0Tc@example.org\0\0"), true, false, false, false},
		{"a double bounce's recipient", BYTES("F\0T#@[]\0\0"), false, true, false, false},
		{"a line feed", BYTES("F\0Tc\nX-Envelope-To: d@example.org\0\0"), false, true,
		 false, false},
		{"a line feed in the sender", BYTES("Fa\n@b\0Tc@example.org\0\0"), false, true,
		 false, false},
		{"no UTF-8", BYTES("F\0T\xe4@example.org\0\0"), false, true, false, false},
		{"no UTF-8 in the sender", BYTES("F\xe4@b\0Tc@example.org\0\0"), false, true, false,
		 false},
		{"no domain", BYTES("F\0Tc@a b\0\0"), false, true, false, false},
		{"no local part", BYTES("F\0T@example.org\0\0"), false, true, false, false},
		{"too long", BYTES("F\0T" X500 X100 X100 X100 X100 "x\0\0"), false, true, false,
		 false},
		{"too long a sender", BYTES("F" X500 X100 X100 X100 X100 "x\0Tc@example.org\0\0"),
		 false, true, false, false},
		{"the longest", BYTES("F\0T" X500 X100 X100 X100 X100 "\0\0"), true, false, false,
		 false},
		{"a dot at the end", BYTES("F\0Tc@example.org.\0\0"), false, false, false, false},
		{"a customer's dot at the end", BYTES("F\0Tc@example.org.\0\0"), true, true, false,
		 false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const struct smtp_settings settings = {
			.most_recipients = 2,
			.may_relay = cases[index].may_relay,
			.requires_auth = cases[index].needs_auth,
		};
		struct fake_host fake;
		struct smtp_host host;

		fake_host_init(&fake);
		text_add_string(&fake.hosted, "example.org\n");
		text_add_string(&fake.bad_sender, "spam@spam.example\n");
		host = fake_host_table(&fake);
		if (recheck_envelope(&settings, &host, cases[index].logs_in, false,
				     cases[index].envelope) !=
		    (cases[index].is_good ? VERDICT_YES : VERDICT_NO))
			fail_msg("%s", cases[index].name);
		fake_host_free(&fake);
	}
}

static void test_recheck_knows_when_it_does_not_know(void **state)
{
	const struct smtp_settings settings = {.most_recipients = 2, .relay_unknown = true};

	(void)state;
	for (unsigned later = 1; later <= 3; later++) {
		struct fake_host fake;
		struct smtp_host host;

		fake_host_init(&fake);
		text_add_string(&fake.hosted, "example.org\n");
		text_add_string(&fake.mailboxes, "c@example.org\n");
		fake.later = later; /* the sender, the domain, the mailbox */
		host = fake_host_table(&fake);
		assert_int_equal(recheck_envelope(&settings, &host, false, false,
						  SPAN("Fa@b\0Tc@example.org\0"
						       "Tc@example.org\0\0")),
				 VERDICT_LATER);
		assert_int_equal(recheck_envelope(&settings, &host, false, false,
						  SPAN("Fa@b\0Td@example.org\0\0")),
				 VERDICT_NO);
		fake_host_free(&fake);
	}
}

static void test_recheck_obeys_the_other_settings(void **state)
{
	static const char odd[] = "Fa@b\0Tc%elsewhere.example@example.org\0";
	const struct smtp_settings takes_odd = {.most_recipients = 2, .takes_odd_addresses = true};
	const struct smtp_settings needs_tls = {.most_recipients = 2, .requires_tls = true};
	const struct smtp_settings suffix = {
		.most_recipients = 2, .may_relay = true, .relay_suffix = SPAN(".relay")};
	struct span envelope = SPAN("Fa@b\0Tc@example.org\0\0");
	struct fake_host fake;
	struct smtp_host host;

	(void)state;
	fake_host_init(&fake);
	text_add_string(&fake.hosted, "example.org\n");
	host = fake_host_table(&fake);
	assert_int_equal(
		recheck_envelope(&takes_odd, &host, false, false, (struct span){odd, sizeof(odd)}),
		VERDICT_YES);
	assert_int_equal(recheck_envelope(&needs_tls, &host, false, false, envelope), VERDICT_NO);
	assert_int_equal(recheck_envelope(&needs_tls, &host, false, true, envelope), VERDICT_YES);
	assert_int_equal(recheck_envelope(&suffix, &host, false, false,
					  SPAN("Fa@b\0Tc@example.org.relay\0\0")),
			 VERDICT_YES);
	assert_int_equal(recheck_envelope(&suffix, &host, true, false, envelope), VERDICT_NO);
	assert_int_equal(recheck_envelope(&suffix, &host, false, false, SPAN("Fa@b\0T.relay\0\0")),
			 VERDICT_NO);
	assert_int_equal(recheck_envelope(&suffix, &host, false, false,
					  SPAN("Fa@b\0Tc@example.org.relay\0Td@example.org\0\0")),
			 VERDICT_NO);
	fake_host_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recheck_takes_what_an_obedient_session_makes),
		cmocka_unit_test(test_recheck_knows_when_it_does_not_know),
		cmocka_unit_test(test_recheck_obeys_the_other_settings),
	};

	return cmocka_run_group_tests_name("recheck", tests, NULL, NULL);
}
