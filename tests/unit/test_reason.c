#include "unix/reason.h"

#include <errno.h>

#include "support/check.h"

static void test_reason_is_one_line_that_keeps_errno(void **state)
{
	struct text why;

	(void)state;
	text_init(&why, 1000);
	errno = ENOENT;
	reason_add(&why, "read", "control/me");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(text_string(&why),
			    "unable to read control/me: No such file or directory");
	text_free(&why);
}

static void test_reason_leaves_out_an_object_that_is_none(void **state)
{
	struct text why;

	(void)state;
	text_init(&why, 1000);
	errno = EPERM;
	reason_add(&why, "set limits", NULL);
	assert_string_equal(text_string(&why), "unable to set limits: Operation not permitted");
	text_free(&why);
}

static void test_reason_survives_too_little_room(void **state)
{
	char room[8];
	struct text why;

	(void)state;
	text_init_in(&why, room, sizeof(room));
	errno = EACCES;
	reason_add(&why, "read", "control/me");
	assert_true(why.failed);
	assert_int_equal(errno, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason_is_one_line_that_keeps_errno),
		cmocka_unit_test(test_reason_leaves_out_an_object_that_is_none),
		cmocka_unit_test(test_reason_survives_too_little_room),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
