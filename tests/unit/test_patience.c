#include "host/patience.h"

#include "support/check.h"

static const struct patience_limits limits = {
	.command_seconds = 300, .grace_seconds = 60, .least_rate = 256};

static void test_patience_a_byte_buys_no_time_for_a_command(void **state)
{
	struct patience patience;

	(void)state;
	patience_init(&patience, limits);
	assert_int_equal(patience_left(&patience), 300000);
	for (unsigned second = 0; second < 299; second++) {
		patience_wait(&patience, 1000, 1);
		patience_turn(&patience, false, 0, 0);
	}
	assert_int_equal(patience_left(&patience), 1000);
	patience_wait(&patience, 1000, 1);
	patience_turn(&patience, false, 0, 0);
	assert_int_equal(patience_left(&patience), 0);
}

static void test_patience_each_command_has_its_own_time(void **state)
{
	struct patience patience;

	(void)state;
	patience_init(&patience, limits);
	patience_wait(&patience, 299000, 6);
	patience_turn(&patience, false, 0, 1);
	assert_int_equal(patience_left(&patience), 300000);
}

static void test_patience_in_data_a_byte_ends_a_stall(void **state)
{
	struct patience patience;

	(void)state;
	patience_init(&patience, (struct patience_limits){300, 60, 0});
	patience_wait(&patience, 5, 6);
	patience_turn(&patience, true, 1, 3);
	patience_wait(&patience, 299000, 1);
	patience_turn(&patience, true, 1, 3);
	assert_int_equal(patience_left(&patience), 300000);
	patience_wait(&patience, 299000, 0);
	assert_int_equal(patience_left(&patience), 1000);
	patience_wait(&patience, 1000, 0);
	assert_int_equal(patience_left(&patience), 0);
}

static void test_patience_wants_a_rate_after_the_grace(void **state)
{
	static const struct {
		const char *name;
		uint64_t milliseconds, bytes, left;
	} cases[] = {
		{"a message begins", 0, 0, 60000},
		{"slow, in the grace", 59000, 100, 1000},
		{"slow, after the grace", 60000, 60 * 256 - 256, 0},
		{"just fast enough", 60000, 61 * 256, 1000},
		{"far ahead, a stall ends it first", 60000, 1000 * 256, 300000},
		{"much later still over all of it", 1000000, 999 * 256, 0},
		{"a huge message", 1000, UINT64_MAX / 2, 300000},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct patience patience;

		patience_init(&patience, limits);
		patience_turn(&patience, true, 1, 1);
		if (cases[index].bytes)
			patience_wait(&patience, cases[index].milliseconds, cases[index].bytes);
		if (patience_left(&patience) != cases[index].left)
			fail_msg("%s: %lu and not %lu", cases[index].name,
				 (unsigned long)patience_left(&patience),
				 (unsigned long)cases[index].left);
	}
}

static void test_patience_a_new_message_starts_anew(void **state)
{
	struct patience patience;

	(void)state;
	patience_init(&patience, limits);
	patience_turn(&patience, true, 1, 4);
	patience_wait(&patience, 50000, 10);
	/* The end of one message and the beginning of the next came in one piece. */
	patience_turn(&patience, true, 2, 8);
	assert_int_equal(patience_left(&patience), 60000);
	patience_turn(&patience, false, 0, 8);
	assert_int_equal(patience_left(&patience), 300000);
}

static void test_patience_takes_all_chunks_of_a_message_together(void **state)
{
	struct patience patience;

	(void)state;
	patience_init(&patience, limits);
	for (unsigned chunk = 1; chunk <= 3; chunk++) {
		patience_turn(&patience, true, 1, chunk);
		patience_wait(&patience, 15000, 100);
		patience_turn(&patience, false, 1, chunk); /* the next chunk's command */
		patience_wait(&patience, 4000, 20);
	}
	assert_int_equal(patience_left(&patience), 60000 - 3 * 19000);
	patience_turn(&patience, true, 1, 4);
	assert_int_equal(patience_left(&patience), 60000 - 3 * 19000);
	patience_wait(&patience, 3000, 1);
	assert_int_equal(patience_left(&patience), 0);
	patience_turn(&patience, false, 0, 5);
	assert_int_equal(patience_left(&patience), 300000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patience_a_byte_buys_no_time_for_a_command),
		cmocka_unit_test(test_patience_each_command_has_its_own_time),
		cmocka_unit_test(test_patience_in_data_a_byte_ends_a_stall),
		cmocka_unit_test(test_patience_wants_a_rate_after_the_grace),
		cmocka_unit_test(test_patience_a_new_message_starts_anew),
		cmocka_unit_test(test_patience_takes_all_chunks_of_a_message_together),
	};

	return cmocka_run_group_tests_name("patience", tests, NULL, NULL);
}
