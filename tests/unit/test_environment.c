#include "unix/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"

static void test_environment_takes_items_of_a_rule(void **state)
{
	(void)state;
	setenv("KEPT", "old", 1);
	environment_set_items(SPAN("+A=1\0+B=\0+C=a=b\0+A=2\0#file:3\0+\0+NOVALUE\0+=x\0+CUT=1"));
	assert_string_equal(environment_get("A"), "2");
	assert_string_equal(environment_get("B"), "");
	assert_string_equal(environment_get("C"), "a=b");
	assert_string_equal(environment_get("KEPT"), "old");
	assert_null(environment_get("NOVALUE"));
	assert_null(environment_get("CUT")); /* its NUL is missing */
	environment_set_items((struct span){NULL, 0});
}

static void test_environment_numbers_and_unset(void **state)
{
	(void)state;
	environment_set_number("PORT", 65535);
	assert_string_equal(environment_get("PORT"), "65535");
	environment_unset("PORT");
	assert_null(environment_get("PORT"));
	environment_unset("PORT");
}

static void test_environment_unset_all_takes_just_those(void **state)
{
	(void)state;
	environment_set("SSL_PROTOCOL", "TLSv1.3");
	environment_set("SSL_", "");
	environment_set("SSL_CIPHER", "none");
	environment_set("SSLCTLFD", "5");
	environment_set("A_SSL_B", "kept");
	environment_unset_all("SSL_");
	assert_null(environment_get("SSL_PROTOCOL"));
	assert_null(environment_get("SSL_"));
	assert_null(environment_get("SSL_CIPHER"));
	assert_string_equal(environment_get("SSLCTLFD"), "5");
	assert_string_equal(environment_get("A_SSL_B"), "kept");
	environment_unset_all("SSL_");
	environment_set("SSL_PROTOCOL", "TLSv1.2");
	assert_string_equal(environment_get("SSL_PROTOCOL"), "TLSv1.2");
}

static void test_environment_has_one_of_each(void **state)
{
	char *given[] = {(char[]){"A=1"}, (char[]){"AB=2"}, (char[]){"A=3"},
			 (char[]){"B=4"}, (char[]){"A=5"},  NULL};
	char **before = environ;

	(void)state;
	environ = given;
	environment_set("A", environment_get("A"));
	assert_string_equal(environment_get("A"), "1");
	assert_string_equal(environment_get("AB"), "2");
	assert_string_equal(environment_get("B"), "4");
	for (char **variable = environ + 1; *variable; variable++)
		assert_false(strncmp(*variable, "A=", 2) == 0);
	environ = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_takes_items_of_a_rule),
		cmocka_unit_test(test_environment_numbers_and_unset),
		cmocka_unit_test(test_environment_has_one_of_each),
		cmocka_unit_test(test_environment_unset_all_takes_just_those),
	};

	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
