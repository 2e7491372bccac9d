#include "unix/deadline.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "support/check.h"

static void test_deadline_counts_down_and_stops_at_zero(void **state)
{
	(void)state;
	assert_in_range(deadline_left(deadline_in(60000)), 59000, 60000);
	assert_int_equal(deadline_left(deadline_in(0)), 0);
	assert_int_equal(deadline_left(deadline_in(-5000)), 0);
	assert_int_equal(deadline_left(deadline_in((int64_t)1 << 40)), INT32_MAX);
}

static void test_deadline_waits_for_what_comes_first(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(deadline_wait(ends[0], POLLIN, deadline_in(10)), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(deadline_wait(ends[0], POLLIN, deadline_in(60000)), 0);
	/* What is ready is ready, even when the moment has passed. */
	assert_int_equal(deadline_wait(ends[0], POLLIN, deadline_in(-1)), 0);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_deadline_counts_down_and_stops_at_zero),
		cmocka_unit_test(test_deadline_waits_for_what_comes_first),
	};

	return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
