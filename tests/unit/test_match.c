#include "rules/match.h"

#include "rules/prefix.h"
#include "support/check.h"

/* Rules as an array, and the keys that were asked for, each followed by a blank. */
struct rules {
	const struct rule {
		const char *key;
		struct span data;
	} * rules;
	size_t count;
	struct text asked;
	const char *unreadable; /* the key at which reading fails, or NULL */
};

static enum verdict find(void *world, struct span key, struct span *data)
{
	struct rules *rules = world;

	text_add(&rules->asked, key);
	text_add_byte(&rules->asked, ' ');
	if (rules->unreadable && span_equal(key, span_of(rules->unreadable)))
		return VERDICT_LATER;
	for (size_t index = 0; index < rules->count; index++)
		if (span_equal(key, span_of(rules->rules[index].key))) {
			*data = rules->rules[index].data;
			return VERDICT_YES;
		}
	return VERDICT_NO;
}

#define LATER "(later)"
#define NONE  "(none)"

static const char *matched(struct rules *rules, struct match_client client, struct match *match)
{
	struct lookup lookup = {rules, find};

	text_clear(&rules->asked);
	switch (match_find(&lookup, &client, match)) {
	case VERDICT_YES: return text_string(&match->key);
	case VERDICT_NO: return NONE;
	default: return LATER;
	}
}

struct row {
	const char *ip, *host, *info, *key;
};

static void check_rows(struct rules *rules, const struct row *rows, size_t count)
{
	struct match match;

	text_init(&rules->asked, 10000);
	text_init(&match.key, 10000);
	for (size_t index = 0; index < count; index++) {
		const struct row *row = &rows[index];
		const char *key = matched(
			rules, (struct match_client){row->ip, row->info, row->host}, &match);

		if (strcmp(key, row->key) != 0)
			fail_msg("%s %s %s: \"%s\" and not \"%s\"; asked: %s", row->ip,
				 row->host ? row->host : "-", row->info ? row->info : "-", key,
				 row->key, text_string(&rules->asked));
	}
	text_free(&rules->asked);
	text_free(&match.key);
}

static void test_match_keeps_the_traditional_order(void **state)
{
	const struct rule list[] = {
		{"joe@=host.example", SPAN("+X=1\0")},
		{"=host.example", SPAN("+X=2\0")},
		{"=.example", SPAN("+X=3\0")},
		{"=", SPAN("+X=4\0")},
		{"10.", SPAN("+X=5\0")},
		{"10.1.2.3", SPAN("+X=6\0")},
		{"", SPAN("D\0")},
		{"ann@10.1.2.3", SPAN("")},
		{"@10.1.2.3", SPAN("")},
		{"10.1.", SPAN("")},
		{"=.deep.example", SPAN("")},
		{"=.", SPAN("")},
	};
	const struct row rows[] = {
		{"10.9.9.9", "host.example", NULL, "=host.example"},
		{"10.9.9.9", "x.example", NULL, "10."},
		{"11.9.9.9", "x.example", NULL, "=.example"},
		{"11.1.1.1", "a.other", NULL, "="},
		{"11.1.1.1", NULL, NULL, ""},
		{"10.1.2.3", "host.example", NULL, "10.1.2.3"},
		{"10.1.2.3", "host.example", "joe", "joe@=host.example"},
		{"10.1.2.3", NULL, "joe", "10.1.2.3"},
		{"10.1.2.3", "host.example", "ann", "ann@10.1.2.3"},
		{"10.1.2.3", "host.example", "", "@10.1.2.3"},
		{"10.1.2.4", "x.example", "ann", "10.1."},
		{"10.1.2.3", "", NULL, "10.1.2.3"},
		{"10.1.2.4", "", NULL, "="}, /* the step of =HOST, before prefixes */
		{"1.2.3.4", "", NULL, "="},
		{"1.2.3.4", "", "joe", "="},
		{"1.2.3.4", "a.b.deep.example", NULL, "=.deep.example"},
		{"1.2.3.4", "deep.example", NULL, "=.example"},
		{"1.2.3.4", ".example", NULL, "=.example"},
		{"1.2.3.4", "Host.Example", NULL, "="},
		{"1.2.3.4", "a.example.", NULL, "=."},
		{"1.2.3.4", "example", NULL, "="},
		/* what is no address is taken as it is */
		{"10.1.2.3.4", NULL, NULL, "10.1."},
		{"10.1", NULL, NULL, "10."},
		{"10.", NULL, NULL, "10."},
		{"10", NULL, NULL, ""},
		{"10.1.2.03", NULL, NULL, "10.1."},
		{"", NULL, NULL, ""},
		{"", "x.example", NULL, ""},
		{NULL, NULL, NULL, ""},
	};
	struct rules rules = {.rules = list, .count = LENGTH(list)};

	(void)state;
	check_rows(&rules, rows, LENGTH(rows));
}

static void test_match_prefers_longest_prefix(void **state)
{
	const struct rule list[] = {
		{"10.", SPAN("")},
		{"10.1.2.128/25", SPAN("")},
		{"10.1.2.", SPAN("")},
		{"10.1.0.0/17", SPAN("")},
		{"0.0.0.0/0", SPAN("")},
		{"10.1.2.200", SPAN("")},
		{"10.1.2.202/31", SPAN("")},
		{"=host.example", SPAN("")},
		{"=.example", SPAN("")},
		{"2001:db8::/32", SPAN("")},
		{"2001:db8:0:1::/64", SPAN("")},
		{"2001:db8:0:1::1", SPAN("")},
		{"fe80::/10", SPAN("")},
		{"joe@2001:db8::1", SPAN("")},
		{"2001:db8:0:1::/96", SPAN("")}, /* its length is in no index */
		{PREFIX_INDEX_KEY, SPAN("#4/31,25,17,0\0#6/64,32,10\0")},
	};
	const struct row rows[] = {
		{"10.1.2.200", NULL, NULL, "10.1.2.200"},
		{"10.1.2.203", NULL, NULL, "10.1.2.202/31"},
		{"10.1.2.204", NULL, NULL, "10.1.2.128/25"},
		{"10.1.2.127", NULL, NULL, "10.1.2."},
		{"10.1.3.1", NULL, NULL, "10.1.0.0/17"},
		{"10.1.200.1", NULL, NULL, "10."},
		{"11.1.2.3", NULL, NULL, "0.0.0.0/0"},
		{"11.1.2.3", "a.example", NULL, "0.0.0.0/0"},
		{"10.1.2.203", "host.example", NULL, "=host.example"},
		{"10.1.2.203", "a.example", NULL, "10.1.2.202/31"},
		{"2001:db8:0:1::1", NULL, NULL, "2001:db8:0:1::1"},
		{"2001:DB8:0:1:0:0:0:1", NULL, NULL, "2001:db8:0:1::1"},
		{"2001:db8:0:1::2", NULL, NULL, "2001:db8:0:1::/64"},
		{"2001:db8:0:1::2", "host.example", NULL, "=host.example"},
		{"2001:db8:0:2::2", NULL, NULL, "2001:db8::/32"},
		{"2001:0db8::0001", NULL, "joe", "joe@2001:db8::1"},
		{"2001:db9::1", NULL, NULL, NONE},
		{"2001:db9::1", "a.example", NULL, "=.example"},
		{"fe80::1%eth0", NULL, NULL, "fe80::/10"},
		{"::ffff:10.1.2.203", NULL, NULL, "10.1.2.202/31"},
		{"::FFFF:a01:2c8", NULL, NULL, "10.1.2.200"},
		{"10.1.2.203%eth0", NULL, NULL, "10.1.2."},
		{PREFIX_INDEX_KEY, NULL, NULL, NONE},
	};
	struct rules rules = {.rules = list, .count = LENGTH(list)};

	(void)state;
	check_rows(&rules, rows, LENGTH(rows));
}

static void test_match_asks_only_for_lengths_that_occur(void **state)
{
	const struct rule index_only[] = {{PREFIX_INDEX_KEY, SPAN("#4/25\0#6/64\0")}};
	const struct {
		size_t count;
		struct match_client client;
		const char *asked;
	} cases[] = {
		{0, {"1.2.3.4", NULL, NULL}, "1.2.3.4 :prefix-lengths 1.2.3. 1.2. 1.  "},
		{1, {"1.2.3.4", NULL, NULL}, "1.2.3.4 :prefix-lengths 1.2.3.0/25 1.2.3. 1.2. 1.  "},
		{0, {"2001:db8::1", NULL, NULL}, "2001:db8::1 :prefix-lengths  "},
		{1,
		 {"2001:db8::1", "joe", "a.b.c"},
		 "joe@2001:db8::1 joe@=a.b.c 2001:db8::1 =a.b.c :prefix-lengths 2001:db8::/64 "
		 "=.b.c =.c =  "},
		{1, {"a.b", NULL, NULL}, "a.b a.  "},
		{0,
		 {"1.2.3.4", "joe", NULL},
		 "joe@1.2.3.4 1.2.3.4 :prefix-lengths 1.2.3. 1.2. 1.  "},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct rules rules = {.rules = index_only, .count = cases[index].count};
		struct match match;

		text_init(&rules.asked, 10000);
		text_init(&match.key, 100);
		assert_string_equal(matched(&rules, cases[index].client, &match), NONE);
		CHECK_SPAN(cases[index].client.ip, text_span(&rules.asked), cases[index].asked);
		text_free(&rules.asked);
		text_free(&match.key);
	}
}

/* Whatever question cannot be answered, the client is not let in. */
static void test_match_that_cannot_read_never_allows(void **state)
{
	const char *const unreadable[] = {
		"joe@1.2.3.4",
		"joe@=a.b",
		"1.2.3.4",
		"=a.b",
		":prefix-lengths",
		"1.2.3.0/25",
		"1.2.3.",
		"1.",
		"=.b",
		"=",
		"",
	};
	const struct rule list[] = {{PREFIX_INDEX_KEY, SPAN("#4/25\0")}};
	struct rules rules = {.rules = list, .count = 1};
	struct match_client client = {"1.2.3.4", "joe", "a.b"};
	struct match match;

	(void)state;
	text_init(&rules.asked, 10000);
	text_init(&match.key, 100);
	for (size_t index = 0; index < LENGTH(unreadable); index++) {
		rules.unreadable = unreadable[index];
		if (strcmp(matched(&rules, client, &match), LATER) != 0)
			fail_msg("allowed although \"%s\" is unreadable", unreadable[index]);
	}
	text_free(&rules.asked);
	text_free(&match.key);
}

static void test_match_takes_a_damaged_index_for_unreadable_rules(void **state)
{
	const struct rule list[] = {{PREFIX_INDEX_KEY, SPAN("#4/33\0")}, {"", SPAN("")}};
	const struct row rows[] = {
		{"1.2.3.4", NULL, NULL, LATER},
		{"2001:db8::1", NULL, NULL, LATER},
		{"1.2.3", NULL, NULL, ""},
	};
	struct rules rules = {.rules = list, .count = LENGTH(list)};

	(void)state;
	check_rows(&rules, rows, LENGTH(rows));
}

static void test_match_refuses_names_longer_than_any(void **state)
{
	const struct rule list[] = {{"", SPAN("")}};
	struct rules rules = {.rules = list, .count = 1};
	char longest[MATCH_LONGEST + 1], longer[MATCH_LONGEST + 2];
	struct match match;

	(void)state;
	memset(longest, '.', sizeof(longest));
	memset(longer, 'a', sizeof(longer));
	longest[MATCH_LONGEST] = longer[MATCH_LONGEST + 1] = '\0';
	text_init(&rules.asked, 10 * 1024 * 1024);
	text_init(&match.key, 10);
	assert_string_equal(
		matched(&rules, (struct match_client){"1.2.3.4", longest, longest}, &match), "");
	assert_string_equal(
		matched(&rules, (struct match_client){longest, longest, longest}, &match), "");
	assert_string_equal(matched(&rules, (struct match_client){longer, NULL, NULL}, &match),
			    LATER);
	assert_string_equal(matched(&rules, (struct match_client){"1.2.3.4", longer, NULL}, &match),
			    LATER);
	assert_string_equal(matched(&rules, (struct match_client){"1.2.3.4", NULL, longer}, &match),
			    LATER);
	text_free(&rules.asked);
	text_free(&match.key);
}

static void test_match_without_room_for_the_key_never_allows(void **state)
{
	const struct rule list[] = {{"1.2.3.4", SPAN("")}};
	struct rules rules = {.rules = list, .count = 1};
	struct match match;

	(void)state;
	text_init(&rules.asked, 1000);
	text_init(&match.key, 6);
	assert_string_equal(matched(&rules, (struct match_client){"1.2.3.4", NULL, NULL}, &match),
			    LATER);
	text_free(&rules.asked);
	text_free(&match.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match_keeps_the_traditional_order),
		cmocka_unit_test(test_match_prefers_longest_prefix),
		cmocka_unit_test(test_match_asks_only_for_lengths_that_occur),
		cmocka_unit_test(test_match_that_cannot_read_never_allows),
		cmocka_unit_test(test_match_takes_a_damaged_index_for_unreadable_rules),
		cmocka_unit_test(test_match_refuses_names_longer_than_any),
		cmocka_unit_test(test_match_without_room_for_the_key_never_allows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
