#include "unix/backoff.h"

#include "support/check.h"

static void test_backoff_waits_longer_each_time(void **state)
{
	static const int most[] = {10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000};
	struct backoff backoff = {.until = 0};

	(void)state;
	assert_int_equal(backoff_left(&backoff), 0);
	for (size_t index = 0; index < LENGTH(most); index++) {
		backoff_fail(&backoff);
		assert_int_equal(backoff.milliseconds, most[index]);
		assert_in_range(backoff_left(&backoff), 0, most[index]);
	}
	assert_in_range(backoff_left(&backoff), 500, 1000);
	backoff_succeed(&backoff);
	assert_int_equal(backoff_left(&backoff), 0);
	backoff_fail(&backoff);
	assert_in_range(backoff_left(&backoff), 0, 10);
}

static void test_backoff_says_it_once_in_a_while(void **state)
{
	struct backoff backoff = {.until = 0};

	(void)state;
	assert_true(backoff_fail(&backoff));
	assert_false(backoff_fail(&backoff));
	backoff_succeed(&backoff);
	assert_false(backoff_fail(&backoff)); /* good and bad by turns is no news, either */
	backoff.quiet_until -= 10000;
	assert_true(backoff_fail(&backoff));
	assert_false(backoff_fail(&backoff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff_waits_longer_each_time),
		cmocka_unit_test(test_backoff_says_it_once_in_a_while),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
