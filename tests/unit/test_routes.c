#include "host/routes.h"

#include <stdio.h>
#include <unistd.h>

#include "host/control_list.h"
#include "queue/route.h"
#include "support/check.h"
#include "support/control_directory.h"
#include "support/nth_allocation.h"
#include "unix/cdb_writer.h"
#include "unix/control.h"

static const char list[] = "# comment: x\n"
			   "\n"
			   "Example.org:mail.example:2525 \t\n"
			   ".example.org:smtps:below.example\n"
			   ".sub.example.org:lmtp:/run/lmtp\n"
			   "example.org:never\n"
			   "example.net:starttls:net.example:587\n"
			   ":rest.example\n";

/* What controlcdb does. */
static void compile(const char *contents)
{
	const struct control_list *routes = control_list_find("smtproutes");
	char path[200], temporary[210];
	struct span rest = span_of(contents), line, data;
	struct cdb_writer *writer;
	struct text key, why;

	text_init(&key, 1000);
	text_init(&why, 1000);
	control_directory_path("smtproutes.cdb", path);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	writer = cdb_writer_new(path, temporary);
	assert_non_null(writer);
	while (control_next(&rest, &line, NULL)) {
		text_clear(&key);
		if (!routes->read(line, &key, &data, &why))
			fail_msg("%s", text_string(&why));
		assert_int_equal(cdb_writer_add(writer, text_span(&key), data, 1), 0);
	}
	assert_int_equal(cdb_writer_finish(writer), 0);
	assert_int_equal(cdb_writer_replace(writer), 0);
	cdb_writer_free(writer);
	text_free(&key);
	text_free(&why);
}

static void check_answers(const char *which)
{
	static const struct {
		const char *address, *expected;
	} cases[] = {
		{"a@example.org", "mail.example:2525"},
		{"a@EXAMPLE.ORG", "mail.example:2525"},
		{"a@example.org.", "mail.example:2525"},
		{"a@x.example.org", "smtps:below.example"},
		{"a@sub.example.org", "smtps:below.example"},
		{"a@y.Sub.example.org", "lmtp:/run/lmtp"},
		{"a@example.net", "starttls:net.example:587"},
		{"a@x.example.net", "rest.example"},
		{"a@# comment", "rest.example"},
		{"postmaster", "rest.example"},
	};
	struct routes routes;
	struct lookup lookup;
	struct span found;
	struct text why;

	text_init(&why, 1000);
	if (!routes_open(&routes, &why))
		fail_msg("%s: %s", which, text_string(&why));
	lookup = routes_lookup(&routes);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		if (route_find(&lookup, span_of(cases[index].address), &found) != VERDICT_YES)
			fail_msg("%s: %s: none", which, cases[index].address);
		CHECK_SPAN(cases[index].address, found, cases[index].expected);
	}
	routes_close(&routes);
	text_free(&why);
}

static void test_routes_are_the_same_in_text_and_database(void **state)
{
	(void)state;
	control_directory_clear();
	control_directory_put("smtproutes", SPAN(list));
	check_answers("text");
	compile(list);
	control_directory_put("smtproutes", SPAN("garbage"));
	check_answers("database");
}

static void test_routes_without_a_file_are_none(void **state)
{
	struct routes routes;
	struct lookup lookup;
	struct span found;
	struct text why;

	(void)state;
	text_init(&why, 1000);
	control_directory_clear();
	assert_true(routes_open(&routes, &why));
	lookup = routes_lookup(&routes);
	assert_int_equal(route_find(&lookup, SPAN("a@example.org"), &found), VERDICT_NO);
	routes_close(&routes);
	text_free(&why);
}

static void test_routes_that_are_damaged_are_never_none(void **state)
{
	struct routes routes;
	struct lookup lookup;
	struct span found;
	struct text why;

	(void)state;
	text_init(&why, 1000);
	control_directory_clear();
	control_directory_put("smtproutes", SPAN(list));
	control_directory_put("smtproutes.cdb", SPAN("short"));
	assert_false(routes_open(&routes, &why));
	assert_non_null(strstr(text_string(&why), "/smtproutes.cdb: it is no cdb"));
	routes_close(&routes);
	compile(list);
	assert_true(routes_open(&routes, &why));
	compile(":other.example\n"); /* by a rename: the one that is open still counts */
	lookup = routes_lookup(&routes);
	assert_int_equal(route_find(&lookup, SPAN("a@example.org"), &found), VERDICT_YES);
	CHECK_SPAN("replaced", found, "mail.example:2525");
	routes_close(&routes);
	text_free(&why);
}

/* Else mail would go where the text says, which the database stands for. */
static void test_routes_without_memory_are_no_other_routes(void **state)
{
	struct routes routes;
	struct lookup lookup;
	struct span found;
	bool is_good = false;
	struct text why;

	(void)state;
	control_directory_clear();
	compile(list);
	control_directory_put("smtproutes", SPAN(":wrong.example\n"));
	for (unsigned number = 1; number < 200 && (!is_good || fails_at <= allocations); number++) {
		text_init(&why, 1000);
		allocations = 0;
		fails_at = number;
		is_good = routes_open(&routes, &why);
		lookup = routes_lookup(&routes);
		if (is_good && route_find(&lookup, SPAN("a@example.org"), &found) == VERDICT_YES)
			CHECK_SPAN("without memory", found, "mail.example:2525");
		routes_close(&routes);
		text_free(&why);
	}
	assert_true(is_good);
	fails_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes_are_the_same_in_text_and_database),
		cmocka_unit_test(test_routes_without_memory_are_no_other_routes),
		cmocka_unit_test(test_routes_without_a_file_are_none),
		cmocka_unit_test(test_routes_that_are_damaged_are_never_none),
	};

	return cmocka_run_group_tests_name("routes", tests, control_directory_make,
					   control_directory_remove);
}
