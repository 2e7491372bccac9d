#include "unix/variables.h"

#include <errno.h>
#include <stdlib.h>

#include "support/check.h"

/* A span fit for a table. */
#define ITEMS(literal)                         \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

static char *const inherited[] = {"PATH=/bin", "PATHS=x", "TCPRULE=old", "HOME=/", NULL};

static void check_array(const char *name, struct variables *variables, const char *const expected[])
{
	char **array = variables_array(variables);
	size_t index = 0;

	if (!array)
		fail_msg("%s: no array", name);
	for (; expected[index]; index++)
		if (!array[index] || strcmp(array[index], expected[index]) != 0)
			fail_msg("%s: variable %zu is %s and not %s", name, index,
				 array[index] ? array[index] : "missing", expected[index]);
	if (array[index])
		fail_msg("%s: %s is too many", name, array[index]);
}

static void test_variables_replace_what_was_there(void **state)
{
	static const struct {
		const char *name;
		struct span items; /* of a rule */
		const char *expected[8];
	} cases[] = {
		{"no rule", {NULL, 0}, {"PATH=/bin", "PATHS=x", "HOME=/", "A=1", NULL}},
		{"new ones",
		 ITEMS("+B=2\0+C=\0"),
		 {"PATH=/bin", "PATHS=x", "HOME=/", "A=1", "B=2", "C="}},
		{"an inherited one",
		 ITEMS("+PATH=/sbin\0"),
		 {"PATHS=x", "HOME=/", "A=1", "PATH=/sbin"}},
		{"one set before", ITEMS("+A=2\0"), {"PATH=/bin", "PATHS=x", "HOME=/", "A=2"}},
		{"twice: the later",
		 ITEMS("+B=1\0+C=3\0+B=2\0"),
		 {"PATH=/bin", "PATHS=x", "HOME=/", "A=1", "C=3", "B=2"}},
		{"a dropped one",
		 ITEMS("+TCPRULE=\0"),
		 {"PATH=/bin", "PATHS=x", "HOME=/", "A=1", "TCPRULE="}},
		{"a value with =",
		 ITEMS("+B=c=d\0"),
		 {"PATH=/bin", "PATHS=x", "HOME=/", "A=1", "B=c=d"}},
		{"items that set nothing",
		 ITEMS("D\0+NOVALUE\0#x:1\0+=x\0+CUT=1"),
		 {"PATH=/bin", "PATHS=x", "HOME=/", "A=1"}},
	};
	struct variables variables;

	(void)state;
	assert_int_equal(variables_init(&variables, inherited), 0);
	variables_drop(&variables, "TCPRULE");
	for (size_t index = 0; index < LENGTH(cases); index++) {
		variables_clear(&variables);
		variables_set(&variables, "A", "1");
		variables_set_items(&variables, cases[index].items);
		check_array(cases[index].name, &variables, cases[index].expected);
	}
	variables_free(&variables);
}

static void test_variables_are_bounded(void **state)
{
	static char items[8 * 20000];
	struct variables variables;
	size_t length = 0;

	(void)state;
	for (unsigned index = 0; index < 20000; index++)
		length += (size_t)sprintf(items + length, "+%u=", index) + 1;
	assert_int_equal(variables_init(&variables, inherited), 0);
	variables_set_items(&variables, (struct span){items, length});
	assert_null(variables_array(&variables));
	assert_int_equal(errno, ENOMEM);
	/* The next child is not concerned. */
	variables_clear(&variables);
	assert_non_null(variables_array(&variables));
	variables_free(&variables);
}

static void test_variables_survive_one_that_does_not_fit(void **state)
{
	const size_t length = 5 * 1024 * 1024;
	static const char *const kept[] = {"PATH=/bin", "PATHS=x", "TCPRULE=old",
					   "HOME=/",	"C=3",	   NULL};
	struct variables variables;
	char *name = malloc(length + 1);

	(void)state;
	assert_non_null(name);
	memset(name, 'N', length);
	name[length] = '\0';
	assert_int_equal(variables_init(&variables, inherited), 0);
	variables_set(&variables, name, "nothing of it is there");
	variables_set(&variables, "A", "1");
	variables_set_items(&variables, (struct span){"+B=2", 5});
	errno = 0;
	assert_null(variables_array(&variables));
	assert_int_equal(errno, ENOMEM);
	variables_clear(&variables);
	variables_set(&variables, "C", "3");
	check_array("after it", &variables, kept);
	variables_free(&variables);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variables_replace_what_was_there),
		cmocka_unit_test(test_variables_are_bounded),
		cmocka_unit_test(test_variables_survive_one_that_does_not_fit),
	};

	return cmocka_run_group_tests_name("variables", tests, NULL, NULL);
}
