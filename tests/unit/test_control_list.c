#include "host/control_list.h"

#include "support/check.h"

#define HASH "$1$abcdefgh$0123456789012345678901"

static const struct {
	const char *name, *list;
	struct span entry;
	const char *key, *data, *why; /* key NULL: malformed; why: a part of it, "" none */
} cases[] = {
	{"a domain", "morercpthosts", BYTES("Example.ORG"), "example.org", "", ""},
	{"a wildcard", "morercpthosts", BYTES(".example.org"), ".example.org", "", ""},
	{"a star", "morercpthosts", BYTES("*.b.example"), "*.b.example", "", "never"},
	{"an empty label", "morercpthosts", BYTES("b..example"), "b..example", "", "never"},
	{"brackets", "morercpthosts", BYTES("<b.example>"), "<b.example>", "", "never"},
	{"a byte order mark", "morercpthosts",
	 BYTES("\xef\xbb\xbf"
	       "b.example"),
	 "\xef\xbb\xbf"
	 "b.example",
	 "", "never"},
	{"a blank in front", "morercpthosts", BYTES(" example.org"), " example.org", "", "never"},
	{"an address", "morercpthosts", BYTES("a@b.example"), "a@b.example", "", "never"},
	{"CR at the end", "morercpthosts", BYTES("b.example\r"), "b.example\r", "", "never"},
	{"a dot at the end", "morercpthosts", BYTES("b.example."), "b.example.", "", "never"},
	{"a dot alone", "morercpthosts", BYTES("."), ".", "", "never"},
	{"a mailbox", "recipients", BYTES("Joe@Example.org"), "joe@example.org", "", ""},
	{"a domain's all", "recipients", BYTES("@example.org"), "@example.org", "", ""},
	{"extensions", "recipients", BYTES("joe-*@b.example"), "joe-*@b.example", "", ""},
	{"extensions, plus", "recipients", BYTES("joe+*@b.example"), "joe+*@b.example", "", ""},
	{"an '@' in it", "recipients", BYTES("a@b@c.example"), "a@b@c.example", "", "ODDADDRESS"},
	{"two in a line", "recipients", BYTES("a@b.example,c@b.example"), "a@b.example,c@b.example",
	 "", "more than one '@'"},
	{"brackets", "recipients", BYTES("<a@b.example>"), NULL, "", "no domain"},
	{"a wildcard in a mailbox", "recipients", BYTES("a@*.b.example"), NULL, "", "no domain"},
	{"all below a domain", "recipients", BYTES("@.b.example"), NULL, "", "no domain"},
	{"an empty label", "recipients", BYTES("a@b..example"), NULL, "", "no domain"},
	{"a literal", "recipients", BYTES("a@[192.0.2.1]"), "a@[192.0.2.1]", "", ""},
	{"letters beyond ASCII", "recipients", BYTES("a@b\xc3\xbc.example"), "a@b\xc3\xbc.example",
	 "", ""},
	{"a star inside", "recipients", BYTES("a*b@c.example"), "a*b@c.example", "", ""},
	{"a dot at its end", "recipients", BYTES("a@b.example."), "a@b.example.", "", "never"},
	{"no '@'", "recipients", BYTES("joe"), NULL, "", "no '@' in it: joe"},
	{"no domain", "recipients", BYTES("joe@"), NULL, "", "no domain: joe@"},
	{"a blank", "recipients", BYTES("joe@b.example jim"), NULL, "", "no domain"},
	{"CR", "recipients", BYTES("joe@b.example\r"), NULL, "", "no domain"},
	{"a NUL", "recipients", BYTES("j\0e@b.example"), NULL, "", "no mailbox"},
	{"indented", "recipients", BYTES(" joe@b.example"), NULL, "", "no mailbox"},
	{"star alone", "recipients", BYTES("*@b.example"), NULL, "", "@domain"},
	{"star at the end", "recipients", BYTES("joe*@b.example"), NULL, "", "behind '-'"},
	{"a route", "smtproutes", BYTES("Example.org:Mail.example:26"), "example.org",
	 "Mail.example:26", ""},
	{"one for all below", "smtproutes", BYTES(".b.example:lmtp:/run/lmtp"), ".b.example",
	 "lmtp:/run/lmtp", ""},
	{"one for all others", "smtproutes", BYTES(":smtps:mail.example"), "", "smtps:mail.example",
	 ""},
	{"a dot at its end", "smtproutes", BYTES("b.example.:c"), "b.example.", "c",
	 "a domain with a dot at its end can never match: b.example."},
	{"a dot alone", "smtproutes", BYTES(".:c"), ".", "c", "never"},
	{"a domain alone", "smtproutes", BYTES("b.example"), NULL, "", "no ':' in it"},
	{"no route", "smtproutes", BYTES("b.example:"), NULL, "",
	 "this is no next hop: b.example:..."},
	{"an unknown form", "smtproutes", BYTES("b.example:tls:c:25"), NULL, "",
	 "this is no next hop: b.example:..."},
	{"LMTP at SMTP's port", "smtproutes", BYTES("b.example:lmtp:c:25"), NULL, "",
	 "LMTP must not be spoken at port 25: b.example:..."},
	{"a login", "smtproutes", BYTES(":[192.0.2.1]:587 joe secret"), NULL, "",
	 "a login belongs into smtpauth: :..."},
	{"a login of s/qmail", "smtproutes", BYTES(":192.0.2.1:587|joe|secret"), NULL, "",
	 "this is no next hop: :..."},
	{"without a port", "smtproutes", BYTES(":c.example|joe|secret"), NULL, "",
	 "this is no next hop: :..."},
	{"a login in front", "smtproutes", BYTES("b.example:joe:secret@c.example"), NULL, "",
	 "this is no next hop: b.example:..."},
	{"a login behind a comma", "smtproutes", BYTES(":c.example,joe,secret"), NULL, "",
	 "this is no next hop: :..."},
	{"without a colon", "smtproutes", BYTES("c.example\tjoe secret"), NULL, "", "no ':' in it"},
	{"before the colon", "smtproutes", BYTES("c.example joe secret:"), NULL, "", "no domain: "},
	{"an address for a domain", "smtproutes", BYTES("a@b.example:c"), NULL, "", "no domain"},
	{"a route that is indented", "smtproutes", BYTES(" b.example:c"), NULL, "", "no domain"},
	{"a star for a domain", "smtproutes", BYTES("*.b.example:c"), "*.b.example", "c",
	 "never match: *.b.example"},
	{"a star for all", "smtproutes", BYTES("*:c"), "*", "c", "never match: *"},
	{"a route for a domain with a dot", "smtproutes", BYTES("b.example.:c"), "b.example.", "c",
	 "a dot at its end can never"},
	{"a star for a host", "smtproutes", BYTES(":*"), NULL, "", "this is no next hop: :..."},
	{"a byte order mark before a user", "users",
	 BYTES("\xef\xbb\xbf"
	       "joe:" HASH),
	 "\xef\xbb\xbf"
	 "joe",
	 HASH, "byte order mark"},
	{"a blank before a user", "users", BYTES(" joe:" HASH), " joe", HASH, "a blank"},
	{"a blank behind a user", "users", BYTES("joe\t:" HASH), NULL, "", "no user has such"},
	{"a blank behind one", "users", BYTES("joe :" HASH), "joe ", HASH, "a blank"},
	{"a user", "users", BYTES("Joe:" HASH), "Joe", HASH, ""},
	{"a user with a domain", "users", BYTES("joe@b.example:" HASH), "joe@b.example", HASH, ""},
	{"a locked user", "users", BYTES("joe:*"), "joe", "*", ""},
	{"a user locked with his hash", "users", BYTES("joe:!" HASH), "joe", "!" HASH, ""},
	{"no colon", "users", BYTES("joe"), NULL, "", "no ':' in it"},
	{"no name", "users", BYTES(":" HASH), NULL, "", "no user has such a name: "},
	{"a NUL in the name", "users", BYTES("j\0e:" HASH), NULL, "", "no user"},
	{"an empty hash", "users", BYTES("joe:"), NULL, "", "no hash that crypt(3) knows: joe"},
	{"a password", "users", BYTES("joe:secret"), NULL, "", "no hash"},
	{"a failed crypt(3)", "users", BYTES("joe:*0"), NULL, "", "no hash"},
	{"a line of shadow", "users", BYTES("joe:" HASH ":19000:0:"), NULL, "", "no hash"},
	{"CR behind a hash", "users", BYTES("joe:" HASH "\r"), NULL, "", "no hash"},
};

static void test_control_list_entries_become_records(void **state)
{
	struct text key, why;

	(void)state;
	text_init(&key, 1000);
	text_init(&why, 1000);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const struct control_list *list = control_list_find(cases[index].list);
		struct span data;
		bool is_good;

		assert_non_null(list);
		text_clear(&key);
		text_clear(&why);
		is_good = list->read(cases[index].entry, &key, &data, &why);
		if (is_good != (cases[index].key != NULL))
			fail_msg("%s: wrong verdict, %s", cases[index].name, text_string(&why));
		if (is_good) {
			CHECK_SPAN(cases[index].name, text_span(&key), cases[index].key);
			CHECK_SPAN(cases[index].name, data, cases[index].data);
		}
		if ((why.length == 0) != (cases[index].why[0] == '\0') ||
		    !strstr(text_string(&why), cases[index].why))
			fail_msg("%s: the reason is \"%s\"", cases[index].name, text_string(&why));
		if (strstr(text_string(&why), "secret"))
			fail_msg("%s: the reason shows a password", cases[index].name);
	}
	text_free(&key);
	text_free(&why);
}

static void test_control_list_others_are_not_known(void **state)
{
	(void)state;
	assert_null(control_list_find("virtualdomains"));
	assert_null(control_list_find(""));
	assert_null(control_list_find("../users"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_list_entries_become_records),
		cmocka_unit_test(test_control_list_others_are_not_known),
	};

	return cmocka_run_group_tests_name("control list", tests, NULL, NULL);
}
