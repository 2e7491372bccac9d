#include "queue/route.h"

#include "support/check.h"

static void test_route_finds_the_nearest(void **state)
{
	static const char file[] = "# comment: x\n"
				   "\n"
				   "example.org:one\n"
				   "EXAMPLE.net:two:2525 \t\n"
				   ".example.org:three\n"
				   ".sub.example.org:lmtp:/run/lmtp\n"
				   "example.org:never\n"
				   "no colon\n";
	static const struct {
		const char *name, *more, *address, *expected; /* NULL: none */
	} cases[] = {
		{"the domain", "", "a@example.org", "one"},
		{"letters of any case", "", "a@Example.ORG", "one"},
		{"in the file, too", "", "a@example.net", "two:2525"},
		{"a dot behind it", "", "a@example.org.", "one"},
		{"a suffix", "", "a@x.example.org", "three"},
		{"the longest", "", "a@y.sub.example.org", "lmtp:/run/lmtp"},
		{"not the domain itself", "", "a@sub.example.org", "three"},
		{"behind the last at", "", "a@example.net@example.org", "one"},
		{"none", "", "a@elsewhere.example", NULL},
		{"the one for all others", ":rest\n", "a@elsewhere.example", "rest"},
		{"which comes last", ":rest\n", "a@example.org", "one"},
		{"for a name without a domain", ":rest\n", "postmaster", "rest"},
		{"a comment is none", "", "a@# comment", NULL},
		{"nor is a line without a colon", "", "a@no colon", NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span contents, found = {NULL, 0};
		struct lookup lookup = {&contents, route_find_line};
		struct text text;
		enum verdict verdict;

		text_init(&text, 10000);
		text_add_string(&text, cases[index].more);
		text_add_string(&text, file);
		contents = text_span(&text);
		verdict = route_find(&lookup, span_of(cases[index].address), &found);
		if (verdict != (cases[index].expected ? VERDICT_YES : VERDICT_NO))
			fail_msg("%s: %d", cases[index].name, (int)verdict);
		if (cases[index].expected)
			CHECK_SPAN(cases[index].name, found, cases[index].expected);
		text_free(&text);
	}
}

static enum verdict later(void *world, struct span key, struct span *route)
{
	(void)key;
	(void)route;
	++*(unsigned *)world;
	return VERDICT_LATER;
}

static void test_route_is_not_guessed(void **state)
{
	unsigned count = 0;
	struct lookup lookup = {&count, later};
	struct span route;

	(void)state;
	assert_int_equal(route_find(&lookup, SPAN("a@b.example"), &route), VERDICT_LATER);
	assert_int_equal(count, 1);
}

static void test_route_has_a_longest_host(void **state)
{
	static const struct {
		const char *before, *behind;
		char first;
	} forms[] = {{"", "", 'h'},
		     {"smtps:", ":466", 'h'},
		     {"[", "]:26", 'h'},
		     {"", "", '/'},
		     {"lmtp:", "", '/'}};
	char host[ROUTE_HOST + 2], text[ROUTE_HOST + 20];
	struct route route;
	const char *why;

	(void)state;
	for (size_t index = 0; index < LENGTH(forms); index++)
		for (size_t length = ROUTE_HOST; length <= ROUTE_HOST + 1; length++) {
			memset(host, 'h', length);
			host[0] = forms[index].first;
			host[length] = '\0';
			snprintf(text, sizeof(text), "%s%s%s", forms[index].before, host,
				 forms[index].behind);
			why = "";
			if (route_read(span_of(text), &route, &why) != (length == ROUTE_HOST))
				fail_msg("case %zu: %zu bytes", index, length);
			if (length > ROUTE_HOST)
				assert_string_equal(why, "the host or path is too long");
		}
}

static void test_route_reads_its_forms(void **state)
{
	static const struct {
		const char *name, *text, *host; /* NULL: it is none */
		unsigned port;
		bool is_lmtp, is_path;
		enum route_security security;
	} cases[] = {
		{"a name", "mail.example", "mail.example", 25, false, false, ROUTE_CLEAR},
		{"with a port", "mail.example:2525", "mail.example", 2525, false, false,
		 ROUTE_CLEAR},
		{"IPv6", "[2001:db8::1]:26", "2001:db8::1", 26, false, false, ROUTE_CLEAR},
		{"an address in brackets", "[192.0.2.1]", "192.0.2.1", 25, false, false,
		 ROUTE_CLEAR},
		{"LMTP", "lmtp:mail.example", "mail.example", 24, true, false, ROUTE_CLEAR},
		{"with a port", "LMTP:127.0.0.1:2424", "127.0.0.1", 2424, true, false, ROUTE_CLEAR},
		{"with a path", "lmtp:/run/dovecot/lmtp", "/run/dovecot/lmtp", 0, true, true,
		 ROUTE_CLEAR},
		{"SMTP with a path", "/run/smtp", "/run/smtp", 0, false, true, ROUTE_CLEAR},
		{"STARTTLS", "starttls:mail.example:587", "mail.example", 587, false, false,
		 ROUTE_STARTTLS},
		{"at its own port", "StartTLS:mail.example", "mail.example", 25, false, false,
		 ROUTE_STARTTLS},
		{"TLS at once", "smtps:mail.example", "mail.example", 465, false, false, ROUTE_TLS},
		{"to IPv6", "smtps:[2001:db8::1]:466", "2001:db8::1", 466, false, false, ROUTE_TLS},
		{"IPv6 with a scope", "fe80::1%lo", "fe80::1%lo", 25, false, false, ROUTE_CLEAR},
		{"a path in brackets", "[/run/lmtp]:25", NULL, 0, false, false, ROUTE_CLEAR},
		{"a host called like a form", "[smtps]:25", "smtps", 25, false, false, ROUTE_CLEAR},
		{"STARTTLS to nothing", "starttls:", NULL, 0, false, false, ROUTE_CLEAR},
		{"TLS with nobody's name", "smtps:/run/smtp", NULL, 0, false, false, ROUTE_CLEAR},
		{"STARTTLS with nobody's name", "starttls:/run/smtp", NULL, 0, false, false,
		 ROUTE_CLEAR},
		{"a form that is unknown", "tls:mail.example:587", NULL, 0, false, false,
		 ROUTE_CLEAR},
		{"nothing", "", NULL, 0, false, false, ROUTE_CLEAR},
		{"LMTP to nothing", "lmtp:", NULL, 0, false, false, ROUTE_CLEAR},
		{"no port", "mail.example:x", NULL, 0, false, false, ROUTE_CLEAR},
		{"CR", "mail.example\r", NULL, 0, false, false, ROUTE_CLEAR},
		{"CR behind a path", "lmtp:/run/x\r", NULL, 0, false, false, ROUTE_CLEAR},
		{"a blank", "mail example", NULL, 0, false, false, ROUTE_CLEAR},
		{"LMTP at SMTP's port", "lmtp:mail.example:25", NULL, 0, false, false, ROUTE_CLEAR},
		{"SMTP there", "mail.example:25", "mail.example", 25, false, false, ROUTE_CLEAR},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct route route;
		const char *why = NULL;

		if (route_read(span_of(cases[index].text), &route, &why) != !!cases[index].host)
			fail_msg("%s: it is one, or not", cases[index].name);
		if (!cases[index].host) {
			assert_non_null(why);
			continue;
		}
		CHECK_SPAN(cases[index].name, route.host, cases[index].host);
		if (route.is_lmtp != cases[index].is_lmtp ||
		    route.is_path != cases[index].is_path ||
		    route.security != cases[index].security || route.port != cases[index].port)
			fail_msg("%s: another form", cases[index].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route_finds_the_nearest),
		cmocka_unit_test(test_route_is_not_guessed),
		cmocka_unit_test(test_route_has_a_longest_host),
		cmocka_unit_test(test_route_reads_its_forms),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
