#include "smtp/relay.h"

#include "support/check.h"
#include "support/transcript.h"

enum who { STRANGER, CUSTOMER, UNKNOWN, USER };

/* The whole decision of one recipient, in the order in which it is made. */
static void test_relay_decides_by_caller_and_lists_only(void **state)
{
	static const struct {
		const char *name;
		enum who who;
		bool is_bad_sender, takes_odd, has_no_list;
		const char *recipient;
		enum smtp_reply reply;
		const char *why, *address;
	} cases[] = {
		{"hosted", STRANGER, 0, 0, 0, "<b@example.org>", REPLY_RECIPIENT_OK, "rcpthosts",
		 "b@example.org"},
		{"upper case", STRANGER, 0, 0, 0, "<b@Example.ORG>", REPLY_RECIPIENT_OK,
		 "rcpthosts", "b@Example.ORG"},
		{"trailing dot", STRANGER, 0, 0, 0, "<b@example.org.>", REPLY_RECIPIENT_OK,
		 "rcpthosts", "b@example.org"},
		{"elsewhere", STRANGER, 0, 0, 0, "<b@elsewhere.example>", REPLY_NOT_HOSTED, "",
		 NULL},
		{"below a hosted domain", STRANGER, 0, 0, 0, "<b@sub.example.org>",
		 REPLY_NOT_HOSTED, "", NULL},
		{"local", STRANGER, 0, 0, 0, "<root>", REPLY_RECIPIENT_OK, "local", "root"},
		{"no such mailbox", STRANGER, 0, 0, 0, "<c@example.org>", REPLY_NO_MAILBOX,
		 "rcpthosts", NULL},
		{"percent", STRANGER, 0, 0, 0, "<b%x@example.org>", REPLY_ODD_ADDRESS, "", NULL},
		{"percent, classic", STRANGER, 0, 1, 0, "<b%x@example.net>", REPLY_RECIPIENT_OK,
		 "rcpthosts", "b%x@example.net"},
		{"two domains, classic", STRANGER, 0, 1, 0, "<b@example.org@x.example>",
		 REPLY_NOT_HOSTED, "", NULL},
		{"customer", CUSTOMER, 0, 0, 0, "<b@elsewhere.example>", REPLY_RECIPIENT_OK,
		 "relayclient", "b@elsewhere.example+"},
		{"customer, odd", CUSTOMER, 0, 0, 0, "<b%x@elsewhere.example>", REPLY_RECIPIENT_OK,
		 "relayclient", "b%x@elsewhere.example+"},
		{"customer, unknown mailbox", CUSTOMER, 0, 0, 0, "<c@example.org>",
		 REPLY_RECIPIENT_OK, "relayclient", "c@example.org+"},
		{"customer, bad sender", CUSTOMER, 1, 0, 0, "<b@example.org>", REPLY_BAD_SENDER, "",
		 NULL},
		{"user", USER, 0, 0, 0, "<b@elsewhere.example>", REPLY_RECIPIENT_OK, "auth:ann",
		 "b@elsewhere.example"},
		{"user, bad sender", USER, 1, 0, 0, "<b@example.org>", REPLY_BAD_SENDER, "", NULL},
		{"bad sender", STRANGER, 1, 0, 0, "<b@elsewhere.example>", REPLY_BAD_SENDER, "",
		 NULL},
		{"perhaps a customer, hosted", UNKNOWN, 0, 0, 0, "<b@example.org>",
		 REPLY_RECIPIENT_OK, "rcpthosts", "b@example.org"},
		{"perhaps a customer", UNKNOWN, 0, 0, 0, "<b@elsewhere.example>",
		 REPLY_RELAY_UNKNOWN, "", NULL},
		{"perhaps a customer, odd", UNKNOWN, 0, 0, 0, "<b!c>", REPLY_ODD_ADDRESS, "", NULL},
		{"no list", STRANGER, 0, 0, 1, "<c@elsewhere.example>", REPLY_RECIPIENT_OK,
		 "norcpthosts", "c@elsewhere.example"},
		{"no list, odd", STRANGER, 0, 0, 1, "<c%d@elsewhere.example>", REPLY_ODD_ADDRESS,
		 "", NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct smtp_settings settings = transcript_settings();
		struct fake_host fake;
		struct smtp_host host;
		struct smtp_path path;
		struct span rest;
		struct text why;
		enum smtp_reply reply;

		fake_host_init(&fake);
		text_add_string(&fake.hosted, "example.org\nexample.net\n");
		text_add_string(&fake.mailboxes, "b@example.org\nb%x@example.net\n");
		fake.has_no_list = cases[index].has_no_list;
		host = fake_host_table(&fake);
		settings.may_relay = cases[index].who == CUSTOMER;
		settings.relay_suffix = SPAN("+");
		settings.relay_unknown = cases[index].who == UNKNOWN;
		settings.takes_odd_addresses = cases[index].takes_odd;
		text_init(&why, 100);
		text_init(&path.address, 4096);
		assert_int_equal(path_read(span_of(cases[index].recipient), &path, &rest), PATH_OK);
		reply = relay_decide(&settings, &host, cases[index].is_bad_sender,
				     cases[index].who == USER ? SPAN("ann") : SPAN(""), &path,
				     &why);
		if (reply != cases[index].reply)
			fail_msg("%s: reply %d", cases[index].name, reply);
		CHECK_SPAN(cases[index].name, text_span(&why), cases[index].why);
		if (cases[index].address)
			CHECK_SPAN(cases[index].name, text_span(&path.address),
				   cases[index].address);
		text_free(&why);
		text_free(&path.address);
		fake_host_free(&fake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay_decides_by_caller_and_lists_only),
	};

	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
