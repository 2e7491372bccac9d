#include "host/policy.h"

#include "support/check.h"

/* A lookup over an array that writes down each question. */
struct array {
	const char *const *keys; /* NULL-ended */
	struct text asked;	 /* the questions, a blank behind each */
	bool is_broken;
};

static enum verdict find(void *world, struct span key, struct span *data)
{
	struct array *array = world;

	text_add(&array->asked, key);
	text_add_byte(&array->asked, ' ');
	*data = (struct span){NULL, 0};
	if (array->is_broken)
		return VERDICT_LATER;
	for (size_t index = 0; array->keys[index]; index++)
		if (span_equal(key, span_of(array->keys[index])))
			return VERDICT_YES;
	return VERDICT_NO;
}

static struct lookup over(struct array *array, const char *const *keys)
{
	*array = (struct array){.keys = keys};
	text_init(&array->asked, 10000);
	return (struct lookup){array, find};
}

static void test_policy_hosts_domains_and_suffixes(void **state)
{
	static const char *const list[] = {"example.org", ".wild.example", ".", NULL};
	static const char *const more[] = {"more.example", ".moor.example", NULL};
	static const struct {
		const char *name, *domain;
		enum verdict verdict;
		const char *why;
	} cases[] = {
		{"the domain", "example.org", VERDICT_YES, "rcpthosts"},
		{"a subdomain of it", "a.example.org", VERDICT_NO, ""},
		{"a longer name", "anexample.org", VERDICT_NO, ""},
		{"below a wildcard", "a.wild.example", VERDICT_YES, "rcpthosts"},
		{"deep below it", "c.b.a.wild.example", VERDICT_YES, "rcpthosts"},
		{"the wildcard's own domain", "wild.example", VERDICT_NO, ""},
		{"a lone dot in the list", "elsewhere.example.", VERDICT_YES, "rcpthosts"},
		{"the second list", "more.example", VERDICT_YES, "morercpthosts"},
		{"its wildcard", "a.moor.example", VERDICT_YES, "morercpthosts"},
		{"in neither", "elsewhere.example", VERDICT_NO, ""},
		{"no domain", "", VERDICT_NO, ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct array first, second;
		struct lookup rcpthosts = over(&first, list), morercpthosts = over(&second, more);
		struct text why;

		text_init(&why, 100);
		if (policy_hosted(&rcpthosts, &morercpthosts, span_of(cases[index].domain), &why) !=
		    cases[index].verdict)
			fail_msg("%s: wrong verdict", cases[index].name);
		CHECK_SPAN(cases[index].name, text_span(&why), cases[index].why);
		text_free(&why);
		text_free(&first.asked);
		text_free(&second.asked);
	}
}

static void test_policy_asks_the_whole_domain_first(void **state)
{
	static const char *const none[] = {NULL};
	struct array first, second;
	struct lookup rcpthosts = over(&first, none), morercpthosts = over(&second, none);
	struct text why;

	(void)state;
	text_init(&why, 100);
	assert_int_equal(policy_hosted(&rcpthosts, &morercpthosts, SPAN("a.b.c"), &why),
			 VERDICT_NO);
	CHECK_SPAN("rcpthosts", text_span(&first.asked), "a.b.c .b.c .c ");
	CHECK_SPAN("morercpthosts", text_span(&second.asked), "a.b.c .b.c .c ");
	text_free(&first.asked);
	text_free(&second.asked);
}

static void test_policy_without_rcpthosts_hosts_everything(void **state)
{
	static const char *const none[] = {NULL};
	struct array array;
	struct lookup morercpthosts = over(&array, none);
	struct text why;

	(void)state;
	text_init(&why, 100);
	assert_int_equal(policy_hosted(NULL, &morercpthosts, SPAN("x.example"), &why), VERDICT_YES);
	CHECK_SPAN("why", text_span(&why), "norcpthosts");
	assert_int_equal(array.asked.length, 0);
	text_free(&why);
}

static void test_policy_a_list_that_cannot_be_read_decides_nothing(void **state)
{
	static const char *const none[] = {NULL};
	static const char longest[10000]; /* more than is asked for */
	struct array first, second;
	struct lookup rcpthosts = over(&first, none), morercpthosts = over(&second, none);
	struct text why;

	(void)state;
	second.is_broken = true;
	text_init(&why, 100);
	assert_int_equal(policy_hosted(&rcpthosts, &morercpthosts, SPAN("x"), &why), VERDICT_LATER);
	assert_int_equal(policy_mailbox(&morercpthosts, SPAN("a@x")), VERDICT_LATER);
	assert_int_equal(policy_bad_sender(&morercpthosts, SPAN("a@x")), VERDICT_LATER);
	assert_int_equal(policy_mailbox(&rcpthosts, (struct span){longest, sizeof(longest)}),
			 VERDICT_LATER);
	assert_int_equal(why.length, 0);
	text_free(&first.asked);
	text_free(&second.asked);
}

static void test_policy_finds_mailboxes(void **state)
{
	static const char *const list[] = {"ann@example.org",
					   "lists-*@example.org",
					   "lists-dev-x-*@example.net",
					   "tag+*@example.org",
					   "@all.example",
					   "Carl@example.org",
					   NULL};
	static const struct {
		const char *name, *address;
		enum verdict verdict;
		const char *asked;
	} cases[] = {
		{"listed", "ann@example.org", VERDICT_YES, "ann@example.org "},
		{"in capitals", "Ann@EXAMPLE.org", VERDICT_YES, "ann@example.org "},
		{"listed in capitals", "Carl@Example.org", VERDICT_YES,
		 "carl@example.org Carl@example.org "},
		{"unknown", "bob@example.org", VERDICT_NO, "bob@example.org @example.org "},
		{"in another domain", "ann@example.net", VERDICT_NO,
		 "ann@example.net @example.net "},
		{"an extension", "lists-dev@example.org", VERDICT_YES,
		 "lists-dev@example.org lists-*@example.org "},
		{"the longest prefix first", "lists-a+b-c@example.org", VERDICT_YES,
		 "lists-a+b-c@example.org lists-a+b-*@example.org lists-a+*@example.org "
		 "lists-*@example.org "},
		{"a long prefix", "lists-dev-x-y@example.net", VERDICT_YES,
		 "lists-dev-x-y@example.net lists-dev-x-*@example.net "},
		{"without the extension", "lists@example.org", VERDICT_NO,
		 "lists@example.org @example.org "},
		{"an empty extension", "lists-@example.org", VERDICT_YES,
		 "lists-@example.org lists-*@example.org "},
		{"a tag", "tag+x@example.org", VERDICT_YES, "tag+x@example.org tag+*@example.org "},
		{"a tag where an extension is listed", "lists+x@example.org", VERDICT_NO,
		 "lists+x@example.org lists+*@example.org @example.org "},
		{"a domain that takes all", "any-body@all.example", VERDICT_YES,
		 "any-body@all.example any-*@all.example @all.example "},
		{"a domain without any entry", "ann@other.example", VERDICT_NO,
		 "ann@other.example @other.example "},
		{"the last at sign counts", "ann@example.org@other.example", VERDICT_NO,
		 "ann@example.org@other.example @other.example "},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct array array;
		struct lookup recipients = over(&array, list);

		if (policy_mailbox(&recipients, span_of(cases[index].address)) !=
		    cases[index].verdict)
			fail_msg("%s: wrong verdict", cases[index].name);
		CHECK_SPAN(cases[index].name, text_span(&array.asked), cases[index].asked);
		text_free(&array.asked);
	}
	assert_int_equal(policy_mailbox(NULL, SPAN("a@b")), VERDICT_YES);
}

static void test_policy_knows_bad_senders(void **state)
{
	static const char *const list[] = {"spam@example.com", "@spam.example", "nobody",
					   "dot@example.com.", NULL};
	static const struct {
		const char *address;
		enum verdict verdict;
	} cases[] = {
		{"spam@example.com", VERDICT_YES},
		{"ham@example.com", VERDICT_NO},
		{"any@spam.example", VERDICT_YES},
		{"a@b@spam.example", VERDICT_YES},
		{"spam.example", VERDICT_NO},
		{"nobody", VERDICT_YES},
		{"somebody", VERDICT_NO},
		{"any@spam.example.", VERDICT_YES},
		{"spam@example.com.", VERDICT_YES},
		{"ham@example.com.", VERDICT_NO},
		{"any@spam.examples", VERDICT_NO},
		{"nobody.", VERDICT_NO},
		{"dot@example.com.", VERDICT_YES},
		{"dot@example.com", VERDICT_NO},
		{"a@.", VERDICT_NO},
		{"@", VERDICT_NO},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct array array;
		struct lookup badmailfrom = over(&array, list);

		if (policy_bad_sender(&badmailfrom, span_of(cases[index].address)) !=
		    cases[index].verdict)
			fail_msg("%s: wrong verdict", cases[index].address);
		text_free(&array.asked);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_hosts_domains_and_suffixes),
		cmocka_unit_test(test_policy_asks_the_whole_domain_first),
		cmocka_unit_test(test_policy_without_rcpthosts_hosts_everything),
		cmocka_unit_test(test_policy_a_list_that_cannot_be_read_decides_nothing),
		cmocka_unit_test(test_policy_finds_mailboxes),
		cmocka_unit_test(test_policy_knows_bad_senders),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
