#include "base/copy.h"

#include "support/check.h"

/* Every length up to well above COPY_SHORT, and not a byte beside it. */
static void test_copy_is_exact(void **state)
{
	char from[2 * COPY_SHORT], to[2 * COPY_SHORT];

	(void)state;
	for (size_t index = 0; index < sizeof(from); index++)
		from[index] = (char)('A' + index % 57);
	for (size_t length = 0; length < sizeof(from) - 2; length++) {
		memset(to, '.', sizeof(to));
		copy_bytes(to + 1, from + 1, length);
		assert_int_equal(to[0], '.');
		assert_memory_equal(to + 1, from + 1, length);
		for (size_t index = length + 1; index < sizeof(to); index++)
			assert_int_equal(to[index], '.');
	}
}

static void test_copy_takes_nothing_from_nowhere(void **state)
{
	(void)state;
	copy_bytes(NULL, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_is_exact),
		cmocka_unit_test(test_copy_takes_nothing_from_nowhere),
	};

	return cmocka_run_group_tests_name("copy", tests, NULL, NULL);
}
