#include "rules/source.h"

#include "support/check.h"

/* A compiled database: KEY, DATA, KEY, DATA, ... */
struct records {
	const struct span *list;
	size_t count, taken;
	bool is_cut; /* the end cannot be read, the first time */
};

static enum verdict next(void *world, struct span *key, struct span *data)
{
	struct records *records = world;

	if (records->is_cut && records->taken == records->count) {
		records->is_cut = false;
		return VERDICT_LATER;
	}
	if (records->taken == records->count)
		return VERDICT_NO;
	*key = records->list[records->taken++];
	*data = records->list[records->taken++];
	return VERDICT_YES;
}

static void take_all(struct source *source, struct span text)
{
	struct span line;
	struct text why;
	uint64_t number = 0;

	text_init(&why, 1000);
	while (span_next_line(&text, &line))
		assert_int_not_equal(source_take(source, line, ++number, &why), RULE_MALFORMED);
	source_finish(source);
	text_free(&why);
}

static void test_source_decides_as_the_compiled_rules(void **state)
{
	const struct span text = SPAN("# rules\n"
				      "192.0.2.0/25:allow,A=\"1\"\n"
				      "192.0.2.:allow,A=\"2\"\n"
				      "192.0.2.:deny\n"
				      "2001:DB8::/32:allow,A=\"3\"\n"
				      "joe@192.0.2.200:allow,A=\"4\"\n"
				      "=.office.example:allow,A=\"5\"\n"
				      "198.51.100.3-5:deny\n"
				      ":allow\n");
	const struct {
		const char *name;
		struct match_client client;
		const char *key;
		uint64_t line;
		const char *text;
	} cases[] = {
		{"a prefix of some bits",
		 {"192.0.2.9", NULL, NULL},
		 "192.0.2.0/25",
		 2,
		 "192.0.2.0/25:allow,A=\"1\""},
		{"of two lines the first",
		 {"192.0.2.200", NULL, NULL},
		 "192.0.2.",
		 3,
		 "192.0.2.:allow,A=\"2\""},
		{"IPv6",
		 {"2001:db8:1::1", NULL, NULL},
		 "2001:db8::/32",
		 5,
		 "2001:DB8::/32:allow,A=\"3\""},
		{"an ident answer",
		 {"192.0.2.200", "joe", NULL},
		 "joe@192.0.2.200",
		 6,
		 "joe@192.0.2.200:allow,A=\"4\""},
		{"a name",
		 {"10.0.0.1", NULL, "pc.office.example"},
		 "=.office.example",
		 7,
		 "=.office.example:allow,A=\"5\""},
		{"a range", {"198.51.100.4", NULL, NULL}, "198.51.100.4", 8, "198.51.100.3-5:deny"},
		{"everybody", {"10.0.0.1", NULL, NULL}, "", 9, ":allow"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct source source;
		struct match match = {.data = {NULL, 0}};
		struct span line;
		struct lookup lookup;

		text_init(&match.key, 1000);
		assert_true(source_init(&source, &cases[index].client, NULL));
		take_all(&source, text);
		lookup = source_lookup(&source);
		assert_int_equal(match_find(&lookup, &cases[index].client, &match), VERDICT_YES);
		CHECK_SPAN(cases[index].name, text_span(&match.key), cases[index].key);
		if (source_line(&source, text_span(&match.key), &line) != cases[index].line)
			fail_msg("%s: line %u", cases[index].name,
				 (unsigned)source_line(&source, text_span(&match.key), &line));
		CHECK_SPAN(cases[index].name, line, cases[index].text);
		assert_int_equal(source_line(&source, SPAN("203.0.113.1"), &line), 0);
		text_free(&match.key);
		source_free(&source);
	}
}

static void test_source_tells_whether_a_database_is_its_own(void **state)
{
	const struct span whole[] = {SPAN("10."),
				     SPAN("D\0"),
				     SPAN("10.0.0.0/9"),
				     SPAN("+A=1\0"),
				     SPAN(":prefix-lengths"),
				     SPAN("#4/9\0")};
	const struct span other[] = {SPAN("10."), SPAN("D\0"), SPAN("10.0.0.0/9"), SPAN("+A=2\0")};
	const struct span longer[] = {SPAN("10."),
				      SPAN("D\0"),
				      SPAN("10.0.0.0/9"),
				      SPAN("+A=1\0"),
				      SPAN(":prefix-lengths"),
				      SPAN("#4/9\0"),
				      SPAN("x"),
				      SPAN("")};
	const struct {
		const char *name;
		const struct span *records;
		size_t count;
		bool differs, index_differs;
		uint64_t line;
	} cases[] = {
		{"the same", whole, 6, false, false, 0},
		{"another value", other, 4, true, false, 3},
		{"one is missing", whole, 2, true, false, 3},
		{"the index is missing", whole, 4, true, true, 0},
		{"nothing", whole, 0, true, false, 1},
		{"one too many", longer, 8, true, false, 0},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct records records = {cases[index].records, cases[index].count, 0, false};
		struct source_compiled compiled = {&records, next};
		struct source source;

		assert_true(source_init(&source, NULL, &compiled));
		take_all(&source, SPAN("10.:deny\n\n10.0.0.0/9:allow,A=\"1\"\n"));
		if (source.differs != cases[index].differs ||
		    source.index_differs != cases[index].index_differs ||
		    source.first_different != cases[index].line)
			fail_msg("%s: %d, line %u", cases[index].name, source.differs,
				 (unsigned)source.first_different);
		source_free(&source);
	}
}

static void test_source_says_nothing_of_what_it_cannot_read(void **state)
{
	const struct span first[] = {SPAN("10."), SPAN("D\0")};
	struct records records = {first, 2, 0, true};
	struct source_compiled compiled = {&records, next};
	struct source source;

	(void)state;
	assert_true(source_init(&source, NULL, &compiled));
	take_all(&source, SPAN("10.:deny\n11.:deny\n12.:deny\n"));
	assert_int_equal(source.state, VERDICT_LATER);
	assert_false(source.differs);
	source_free(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_decides_as_the_compiled_rules),
		cmocka_unit_test(test_source_tells_whether_a_database_is_its_own),
		cmocka_unit_test(test_source_says_nothing_of_what_it_cannot_read),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
