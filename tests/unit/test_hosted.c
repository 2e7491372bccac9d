#include "explain/hosted.h"

#include "smtp/path.h"
#include "support/check.h"
#include "support/control_directory.h"

static void test_can_match(void **state)
{
	const struct {
		struct span entry;
		bool expected;
	} cases[] = {
		{SPAN("example.org"), true},
		{SPAN(".example.org"), true},
		{SPAN(".com"), true},
		{SPAN("Example.ORG"), true},
		{SPAN("[192.0.2.1]"), true},
		{SPAN("[IPv6:2001:db8::1]"), true},
		{SPAN("[127.0.0.2]"), true},
		{SPAN("[127.0.0.1]"), false}, /* localiphost is in its place */
		{SPAN("[0.0.0.0]"), false},
		{SPAN("[IPv6:::]"), false},
		{SPAN("[ipv6:::ffff:127.0.0.1]"), false},
		{SPAN("[IPv6:127.0.0.1]"), true}, /* no address, so nothing takes its place */
		{SPAN("[]"), false},
		{SPAN("["), false},
		{SPAN("b\xc3\xbc"
		      "cher.example"),
		 true},
		{SPAN(""), false},
		{SPAN("."), false},
		{SPAN(".."), false},
		{SPAN("example.org."), false},
		{SPAN(".example.org."), false},
		{SPAN("a..example"), false},
		{SPAN("example.org\r"), false},
		{SPAN("*.example.org"), false},
		{SPAN("user@example.org"), false},
		{SPAN("example.org:user"), false},
		{SPAN("example.org other.example"), false},
		{SPAN("a>"), false},
		{SPAN("a> b"), false},
		{SPAN("\"a\""), false},
		{SPAN("a\\b"), false},
		{SPAN("a\0b"), false},
	};

	struct interfaces interfaces = {.is_read = false};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		if (hosted_can_match(cases[index].entry, &interfaces) != cases[index].expected)
			fail_msg("%s", cases[index].entry.bytes);
	interfaces_free(&interfaces);
}

static void test_a_domain_too_long_cannot_match(void **state)
{
	static char longest[PATH_LARGEST + 1];
	struct interfaces interfaces = {.is_read = false};

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_true(hosted_can_match((struct span){longest, 800}, &interfaces));
	assert_false(hosted_can_match((struct span){longest, sizeof(longest)}, &interfaces));
	interfaces_free(&interfaces);
}

static void expect_example(const char *expected)
{
	struct settings settings;
	struct text why, domain;

	text_init(&why, 1000);
	text_init(&domain, 1000);
	if (!settings_read(&settings, false, &why))
		fail_msg("%s", text_string(&why));
	hosted_example(&settings, &domain);
	assert_string_equal(text_string(&domain), expected);
	settings_free(&settings);
	text_free(&why);
	text_free(&domain);
}

static void test_example(void **state)
{
	static const char *const keys[] = {"Capital.example", "ends.example.", ".more.example",
					   NULL};

	(void)state;
	control_directory_clear();
	control_directory_put("me", SPAN("Mail.example.org\n"));
	expect_example("mail.example.org");
	control_directory_put_cdb("morercpthosts.cdb", keys);
	expect_example("mail.example.org"); /* it is not asked without the list */
	control_directory_put("rcpthosts", SPAN("# none\n.\n[127.0.0.1]\ncr.example\r\n"));
	expect_example("any.more.example");
	control_directory_put("rcpthosts", SPAN("cr.example\r\nEnds.\n.Wild.example\nb.example\n"));
	expect_example("any.wild.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_can_match),
		cmocka_unit_test(test_a_domain_too_long_cannot_match),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests_name("hosted", tests, control_directory_make,
					   control_directory_remove);
}
