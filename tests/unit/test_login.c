#include "queue/login.h"

#include "support/check.h"

static void test_login_is_found_by_host_and_port(void **state)
{
	static const char file[] = "# comment joe:no\n"
				   "\n"
				   "Mail.Example:587 joe:one two: three \t\n"
				   "mail.example\tann:four\n"
				   "[2001:db8::1]:465   six:pass\n"
				   "[relay.example]:587 post:fix\n"
				   "/run/smtp sock:et\n"
				   "/run/smtp:26 co:lon\n"
				   "mail.example:587 never:never";
	static const struct {
		const char *name, *route, *user, *password; /* NULL: none */
	} cases[] = {
		{"host and port", "mail.example:587", "joe", "one two: three"},
		{"with TLS", "starttls:mail.example:587", "joe", "one two: three"},
		{"letters of any case", "smtps:MAIL.example:587", "joe", "one two: three"},
		{"any port", "smtps:mail.example", "ann", "four"},
		{"IPv6", "smtps:2001:db8::1", "six", "pass"},
		{"as Postfix has it", "starttls:relay.example:587", "post", "fix"},
		{"another port", "starttls:relay.example:588", NULL, NULL},
		{"another host", "elsewhere.example:587", NULL, NULL},
		{"a part of the name", "x.mail.example:587", NULL, NULL},
		{"a path", "/run/smtp", "sock", "et"},
		{"a path with a colon", "/run/smtp:26", "co", "lon"},
		{"a path with another case", "/run/SMTP", NULL, NULL},
	};

	(void)state;
	assert_int_equal(login_malformed(span_of(file)), 0);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct login login;
		struct route route;
		const char *why;

		if (!route_read(span_of(cases[index].route), &route, &why))
			fail_msg("%s: %s", cases[index].name, why);
		if (login_find(span_of(file), &route, &login) != !!cases[index].user)
			fail_msg("%s: there is one, or not", cases[index].name);
		if (!cases[index].user)
			continue;
		CHECK_SPAN(cases[index].name, login.user, cases[index].user);
		CHECK_SPAN(cases[index].name, login.password, cases[index].password);
	}
}

static void test_login_lines_are_checked(void **state)
{
	static const struct {
		const char *name;
		struct span file;
		unsigned line;
	} cases[] = {
		{"nothing", BYTES(""), 0},
		{"good ones", BYTES("# x\na b:c\n"), 0},
		{"no login", BYTES("a b:c\n\nmail.example\n"), 3},
		{"no password", BYTES("mail.example joe\n"), 1},
		{"an empty password", BYTES("mail.example joe:\n"), 1},
		{"no user", BYTES("mail.example :x\n"), 1},
		{"no host", BYTES(" joe:x\n"), 1},
		{"no port", BYTES("mail.example:x joe:x\n"), 1},
		{"port 0", BYTES("mail.example:0 joe:x\n"), 1},
		{"a star", BYTES("* joe:x\n"), 1},
		{"a form of smtproutes", BYTES("a b:c\n:127.0.0.1:2525 joe:x\n"), 2},
		{"an address of a sender", BYTES("joe@b.example joe:x\n"), 0},
		{"a NUL", BYTES("mail.example joe:x\0y\n"), 1},
		{"a CR", BYTES("mail.example joe:x\r\n"), 1},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (login_malformed(cases[index].file) != cases[index].line)
			fail_msg("%s: line %u", cases[index].name,
				 login_malformed(cases[index].file));
}

static void test_login_takes_what_is_offered(void **state)
{
	static const struct {
		const char *offered;
		enum login_mechanism mechanism;
	} cases[] = {
		{"", LOGIN_NONE},
		{"CRAM-MD5 XOAUTH2", LOGIN_NONE},
		{"PLAINER", LOGIN_NONE},
		{"PLAIN", LOGIN_PLAIN},
		{"LOGIN PLAIN", LOGIN_PLAIN},
		{"cram-md5  login ", LOGIN_LOGIN},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (login_choose(span_of(cases[index].offered)) != cases[index].mechanism)
			fail_msg("%s", cases[index].offered);
}

static void test_login_is_written_for_plain(void **state)
{
	struct login login = {SPAN("joe"), SPAN("opensesame")};
	struct text line;

	(void)state;
	text_init(&line, 100);
	login_write_plain(&login, &line);
	CHECK_SPAN("PLAIN", text_span(&line), "AGpvZQBvcGVuc2VzYW1l");
	text_free(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_is_found_by_host_and_port),
		cmocka_unit_test(test_login_lines_are_checked),
		cmocka_unit_test(test_login_takes_what_is_offered),
		cmocka_unit_test(test_login_is_written_for_plain),
	};

	return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
