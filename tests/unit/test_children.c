#include "unix/children.h"

#include "support/check.h"

static struct address address(const char *text)
{
	struct address read = {.version = 0};

	assert_true(address_read(text, &read));
	return read;
}

static void test_children_count_by_client(void **state)
{
	static const struct {
		const char *name, *address;
		size_t count;
	} cases[] = {
		{"same IPv4 address", "192.0.2.1", 3},
		{"the same, v4-mapped", "::ffff:192.0.2.1", 3},
		{"its neighbour", "192.0.2.2", 1},
		{"another IPv4 address", "192.0.2.3", 0},
		{"same IPv6 /64", "2001:db8:0:1:ffff::9", 2},
		{"the next /64", "2001:db8:0:2::1", 0},
		{"translated", "64:ff9b::192.0.2.1", 1},
		{"another, of the same /64", "64:ff9b::192.0.2.3", 0},
		{"a neighbour on a link", "fe80::1", 0},
		{"another of a Teredo server", "2001:0:53aa:64c:2cfe:1234:a123:5678", 0},
		{"an IPv6 address that begins like an IPv4 one", "c000:201::", 0},
	};
	static const char *const served[] = {
		"192.0.2.1",	   "192.0.2.1",		"::ffff:192.0.2.1",   "192.0.2.2",
		"2001:db8:0:1::1", "2001:db8:0:1::2",	"64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2",
		"fe80::2",	   "2001:0:53aa:64c::1"};
	struct children *children = children_new(LENGTH(served));

	(void)state;
	assert_non_null(children);
	for (size_t index = 0; index < LENGTH(served); index++) {
		struct address client = address(served[index]);

		children_add(children, (pid_t)(100 + index), &client);
	}
	assert_int_equal(children_count(children), LENGTH(served));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address client = address(cases[index].address);
		size_t count = children_of(children, &client);

		if (count != cases[index].count)
			fail_msg("%s: %zu and not %zu", cases[index].name, count,
				 cases[index].count);
	}
	children_free(children);
}

static void test_children_come_and_go(void **state)
{
	enum { LIMIT = 100 };
	struct children *children = children_new(LIMIT);
	struct address client = address("2001:db8::1"), other = address("10.0.0.1");

	(void)state;
	assert_false(children_remove(children, 1));
	/* Fill and empty it in several orders; nothing is lost and nothing is left. */
	for (unsigned round = 1; round < LIMIT; round += 7) {
		for (int index = 0; index < LIMIT; index++)
			children_add(children, 4000000 + index, index % 3 ? &client : &other);
		assert_int_equal(children_count(children), LIMIT);
		assert_int_equal(children_of(children, &other), (LIMIT + 2) / 3);
		for (unsigned index = 0, place = 0; index < LIMIT; index++) {
			place = index * round % LIMIT;
			if (!children_remove(children, (pid_t)(4000000 + place)))
				break; /* round shares a divisor with LIMIT: it came back */
		}
		for (int index = 0; index < LIMIT; index++)
			children_remove(children, 4000000 + index);
		assert_int_equal(children_count(children), 0);
		assert_int_equal(children_of(children, &client), 0);
		assert_int_equal(children_of(children, &other), 0);
	}
	children_free(children);
	assert_null(children_new(0));
}

static void test_children_limit_of_one(void **state)
{
	struct children *children = children_new(1);
	struct address client = address("127.0.0.1");

	(void)state;
	for (pid_t process = 1; process < 10; process++) {
		children_add(children, process, &client);
		assert_int_equal(children_of(children, &client), 1);
		assert_false(children_remove(children, process + 1));
		assert_true(children_remove(children, process));
	}
	children_free(children);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_children_count_by_client),
		cmocka_unit_test(test_children_come_and_go),
		cmocka_unit_test(test_children_limit_of_one),
	};

	return cmocka_run_group_tests_name("children", tests, NULL, NULL);
}
