#include "smtp/path.h"

#include "support/check.h"

static void read_path(struct smtp_path *path, struct span text, enum path_result expected,
		      struct span *rest)
{
	enum path_result result = path_read(text, path, rest);

	if (result != expected)
		fail_msg("%.*s: %d and not %d", (int)text.length, text.bytes, result, expected);
}

static void test_path_has_one_form(void **state)
{
	static const struct {
		const char *text, *address, *domain, *rest;
		bool is_odd;
	} cases[] = {
		{"<a@b.example>", "a@b.example", "b.example", "", false},
		{" \t<a@b.example> SIZE=3", "a@b.example", "b.example", " SIZE=3", false},
		{"a@b.example", "a@b.example", "b.example", "", false},
		{"<a@az.AZ.09>", "a@az.AZ.09", "az.AZ.09", "", false},
		{"a@b-c_d.example\tX", "a@b-c_d.example", "b-c_d.example", "\tX", false},
		{" a@b.example SIZE=3", "a@b.example", "b.example", " SIZE=3", false},
		{"<>", "", "", "", false},
		{"<> SIZE=3", "", "", " SIZE=3", false},
		{"<postmaster>", "postmaster", "", "", false},
		{"<#@[]>", "#@[]", "[]", "", false},
		{"<\"a b\"@c.example>", "a b@c.example", "c.example", "", false},
		{"<\"a>b\"@c.example>", "a>b@c.example", "c.example", "", false},
		{"<a\\ b@c.example>", "a b@c.example", "c.example", "", false},
		{"<a@c.example.>", "a@c.example.", "c.example.", "", false},
		{"<a@[192.0.2.1]>", "a@[192.0.2.1]", "[192.0.2.1]", "", false},
		{"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]", "", false},
		{"<@x.example:a@b.example>", "a@b.example", "b.example", "", true},
		{"<@x.example,@y.example:a@b.example>", "a@b.example", "b.example", "", true},
		{"<a@x@b.example>", "a@x@b.example", "b.example", "", true},
		{"<a%x@b.example>", "a%x@b.example", "b.example", "", true},
		{"<x!a>", "x!a", "", "", true},
		{"<a:x@b.example>", "a:x@b.example", "b.example", "", true},
		{"<\"a@x\"@b.example>", "a@x@b.example", "b.example", "", true},
		{"<a\\@x@b.example>", "a@x@b.example", "b.example", "", true},
		{"<\"a@b.example\">", "a@b.example", "b.example", "", true},
		{"<a\\@b.example>", "a@b.example", "b.example", "", true},
		{"<\"a\\\"%\"@b.example>", "a\"%@b.example", "b.example", "", true},
	};
	struct smtp_path path;

	(void)state;
	text_init(&path.address, 4096);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span rest;

		read_path(&path, span_of(cases[index].text), PATH_OK, &rest);
		CHECK_SPAN(cases[index].text, text_span(&path.address), cases[index].address);
		CHECK_SPAN(cases[index].text, path_domain(&path), cases[index].domain);
		CHECK_SPAN(cases[index].text, rest, cases[index].rest);
		if (path.is_odd != cases[index].is_odd)
			fail_msg("%s: is_odd is %d", cases[index].text, path.is_odd);
		/* It can be read again as it is queued. */
		assert_int_equal(path_read_queued(span_of(cases[index].address), &path), PATH_OK);
		CHECK_SPAN(cases[index].text, text_span(&path.address), cases[index].address);
		CHECK_SPAN(cases[index].text, path_domain(&path), cases[index].domain);
	}
	text_free(&path.address);
}

static void test_path_refuses_what_is_no_address(void **state)
{
	static const char *const cases[] = {
		"",	     " ",	   "<",		  "<a",		 "<a@b.example",
		"<a b>",     "<a@b c>",	   "<a@>",	  "<@>",	 "<@b>",
		"<\"\"@b>",  "<a  b>",	   "\"a",	  "<(a@b>",	 "<a)@b>",
		"<@b:>",     "<@b,c:a@d>", "<@:a@b>",	  "<a@b..c>",	 "<a@.b>",
		"<a@.>",     "<a@b..>",	   "<a@[>",	  "<a@[]>",	 "<a@[1.2.3.4>",
		"<a@[1]x>",  "<a@b>x",	   "<a@b>,<c@d>", "<(a)@b>",	 "<a,b@c>",
		"<a;b@c>",   "<a<b@c>",	   "<\"a@b>",	  "<a\\",	 "<a\\>",
		"<a@\"b\">", "<a@b\\c>",   "<\x01@b>",	  "<a\x7f@b>",	 "<\"a\x1f\"@b>",
		"<a\t@b>",   "<\"\">",	   "a,b@c",	  "<a@b%c>",	 "<a@b!c>",
		"<a@b/c>",   "<a@[b][c]>", "<a@b:25>",	  "<a\\\x1f@b>", "<a\\\x7f@b>",
		"a\\",
	};
	struct smtp_path path;
	struct span rest;

	(void)state;
	text_init(&path.address, 4096);
	for (size_t index = 0; index < LENGTH(cases); index++)
		read_path(&path, span_of(cases[index]), PATH_SYNTAX, &rest);
	text_free(&path.address);
}

static void test_path_is_never_truncated(void **state)
{
	char text[1000];
	struct smtp_path path;
	struct span rest;

	(void)state;
	text_init(&path.address, 4096);
	memset(text, 'a', sizeof(text));
	text[0] = '<';
	text[901] = '>';
	read_path(&path, (struct span){text, 902}, PATH_OK, &rest);
	assert_int_equal(path.address.length, 900);
	text[901] = 'a';
	text[902] = '>';
	read_path(&path, (struct span){text, 903}, PATH_TOO_LONG, &rest);
	text[500] = '\0';
	read_path(&path, (struct span){text, 903}, PATH_SYNTAX, &rest);
	text_free(&path.address);
}

static void test_path_knows_utf8(void **state)
{
	static const struct {
		const char *text;
		bool is_beyond_ascii, is_utf8;
	} cases[] = {
		{"<a@b>", false, true},
		{"<\xc3\xa4@b>", true, true},
		{"<a@\xe4\xb8\xad>", true, true},
		{"<a@\xe4\xb8\x80>", true, true},
		{"<\xf0\x9f\x90\xb1@b>", true, true},
		{"<\xc2\x80\xdf\xbf@b>", true, true},
		{"<\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf@b>", true, true},
		{"<\xf0\x90\x80\x80\xf4\x8f\xbf\xbf@b>", true, true},
		{"<\xe4@b>", true, false},
		{"<\xc3@b>", true, false},
		{"<\x80@b>", true, false},
		{"<\xc0\xaf@b>", true, false},
		{"<\xc1\xbf@b>", true, false},
		{"<\xe0\x9f\xbf@b>", true, false},
		{"<\xf0\x8f\xbf\xbf@b>", true, false},
		{"<\xed\xa0\x80@b>", true, false},
		{"<\xed\xbf\xbf@b>", true, false},
		{"<\xf4\x90\x80\x80@b>", true, false},
		{"<a@\xff>", true, false},
	};
	struct smtp_path path;
	struct span rest;

	(void)state;
	text_init(&path.address, 4096);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		read_path(&path, span_of(cases[index].text), PATH_OK, &rest);
		if (path.is_beyond_ascii != cases[index].is_beyond_ascii ||
		    path.is_utf8 != cases[index].is_utf8)
			fail_msg("case %zu", index);
	}
	text_free(&path.address);
}

static void test_path_reads_address_literals(void **state)
{
	static const struct {
		const char *text, *address; /* NULL: none */
	} cases[] = {
		{"<a@[192.0.2.1]>", "192.0.2.1"},
		{"<a@[IPv6:2001:DB8::1]>", "2001:db8::1"},
		{"<a@[ipv6:::ffff:192.0.2.1]>", "192.0.2.1"},
		{"<a@[IPv6:192.0.2.1]>", NULL},
		{"<a@[2001:db8::1]>", NULL},
		{"<a@[192.0.2.256]>", NULL},
		{"<a@[192.0.2.01]>", NULL},
		{"<a@[x]>", NULL},
		{"<a@b.example>", NULL},
		{"<a>", NULL},
	};
	struct smtp_path path;
	struct span rest;

	(void)state;
	text_init(&path.address, 4096);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address;
		char text[ADDRESS_TEXT] = "";
		bool is_literal;

		read_path(&path, span_of(cases[index].text), PATH_OK, &rest);
		is_literal = path_literal(&path, &address);
		if (is_literal != (cases[index].address != NULL))
			fail_msg("%s: %d", cases[index].text, is_literal);
		if (is_literal)
			address_write(&address, text);
		CHECK_SPAN(cases[index].text, span_of(text),
			   cases[index].address ? cases[index].address : "");
	}
	read_path(&path, SPAN("<a@[192.0.2.1]>"), PATH_OK, &rest);
	path_set_domain(&path, SPAN("me.example"));
	CHECK_SPAN("replaced", text_span(&path.address), "a@me.example");
	CHECK_SPAN("replaced", path_domain(&path), "me.example");
	text_free(&path.address);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path_has_one_form),
		cmocka_unit_test(test_path_refuses_what_is_no_address),
		cmocka_unit_test(test_path_is_never_truncated),
		cmocka_unit_test(test_path_knows_utf8),
		cmocka_unit_test(test_path_reads_address_literals),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
