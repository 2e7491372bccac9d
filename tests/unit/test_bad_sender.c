#include "explain/bad_sender.h"

#include <string.h>

#include "smtp/path.h"
#include "support/check.h"

static void test_bad_sender_flaw(void **state)
{
	const struct {
		struct span entry;
		const char *flaw; /* some of its words, or NULL */
	} cases[] = {
		{SPAN("ann@example.org"), NULL},
		{SPAN("@example.org"), NULL},
		{SPAN("@[192.0.2.1]"), NULL},
		{SPAN("@org"), NULL},
		{SPAN("@b\xc3\xbc"
		      "cher.example"),
		 NULL},
		{SPAN("prvs=1%2!3@example.org"), NULL},
		{SPAN("a\"\\b@example.org"), NULL}, /* from quotes */
		{SPAN("a@b@example.org"), NULL},
		{SPAN("-ann+x@example.org"), NULL},
		{SPAN("root"), NULL}, /* a sender may have no domain */
		{SPAN("\xef\xbb\xbf@example.org"), "byte order mark"},
		{SPAN("@example.org\r"), "carriage return"},
		{SPAN("@"), "never"},
		{SPAN("ann@"), "never"},
		{SPAN("@.sub.example"), "never"},
		{SPAN("@*.example"), "never"},
		{SPAN(".*@.*\\.spam\\.example$"), "never"},
		{SPAN("@example.org reason"), "never"},
		{SPAN("ann@example.org\treason"), "never"},
		{SPAN("a\tb@example.org"), "never"},
		{SPAN("ann@example.org>"), "never"},
		{SPAN("example.org"), "no @"},
		{SPAN(".example.org"), "no @"},
		{SPAN("*.example.org"), "no @"},
		{SPAN("%example.org"), "no @"},
		{SPAN("+example.org some reason"), "no @"},
		{SPAN("@Example.ORG."), "a dot"}, /* a sender may have it */
		{SPAN("ann@example.org."), "a dot"},
		{SPAN("^spam*"), "just so"},
		{SPAN("*@example.org"), "just so"},
		{SPAN("!good@example.org"), "just so"},
		{SPAN("!@example.org"), "just so"},
		{SPAN("%@example.org"), "just so"},
		{SPAN("some reason@example.org"), "just so"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const char *flaw = bad_sender_flaw(cases[index].entry), *words = cases[index].flaw;

		if (words ? !flaw || !strstr(flaw, words) : flaw != NULL)
			fail_msg("%s: %s", cases[index].entry.bytes, flaw ? flaw : "(none)");
	}
}

static void test_a_sender_too_long_never_matches(void **state)
{
	static char longest[2 * PATH_LARGEST];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	memcpy(longest + PATH_LARGEST - 5, "@b.ex", 6);
	assert_null(bad_sender_flaw((struct span){longest, PATH_LARGEST}));
	assert_non_null(bad_sender_flaw((struct span){longest, PATH_LARGEST + 1}));
	assert_non_null(bad_sender_flaw((struct span){longest, sizeof(longest)}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_sender_flaw),
		cmocka_unit_test(test_a_sender_too_long_never_matches),
	};

	return cmocka_run_group_tests_name("bad_sender", tests, NULL, NULL);
}
