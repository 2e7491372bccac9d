#include "unix/names_wanted.h"

#include "support/check.h"

static void test_names_wanted_takes_options(void **state)
{
	static const struct {
		const char *name, *letters;
		bool remote_host, is_remote_host_said, is_paranoid, remote_info;
	} cases[] = {
		{"none", "", false, false, false, false},
		{"all", "hpr", true, true, true, true},
		{"the later holds", "hHpPrR", false, true, false, false},
		{"the later holds, the other way", "HhPpRr", true, true, true, true},
		{"paranoia alone", "p", false, false, true, false},
		{"-H does not end paranoia", "pHh", true, true, true, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct names_wanted wanted = NAMES_WANTED_NONE;

		for (const char *letter = cases[index].letters; *letter; letter++)
			assert_null(names_wanted_option(&wanted, *letter, NULL));
		if (wanted.remote_host != cases[index].remote_host ||
		    wanted.is_remote_host_said != cases[index].is_remote_host_said ||
		    wanted.is_paranoid != cases[index].is_paranoid ||
		    wanted.remote_info != cases[index].remote_info)
			fail_msg("%s: wanted otherwise", cases[index].name);
	}
}

static void test_names_wanted_takes_values(void **state)
{
	struct names_wanted wanted = NAMES_WANTED_NONE;

	(void)state;
	assert_int_equal(wanted.timeout_seconds, 26);
	assert_null(names_wanted_option(&wanted, 't', "0"));
	assert_int_equal(wanted.timeout_seconds, 0);
	assert_null(names_wanted_option(&wanted, 't', "86400"));
	assert_non_null(names_wanted_option(&wanted, 't', "86401"));
	assert_non_null(names_wanted_option(&wanted, 't', "-1"));
	assert_non_null(names_wanted_option(&wanted, 't', ""));
	assert_int_equal(wanted.timeout_seconds, 86400);
	assert_null(names_wanted_option(&wanted, 'l', ""));
	assert_string_equal(wanted.local_host, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_wanted_takes_options),
		cmocka_unit_test(test_names_wanted_takes_values),
	};

	return cmocka_run_group_tests_name("names_wanted", tests, NULL, NULL);
}
