#include "base/record.h"

#include "support/check.h"

static enum verdict find(void *world, struct span key, struct span *data)
{
	const char *only = world;

	*data = SPAN("data");
	return span_equal(key, span_of(only)) ? VERDICT_YES : VERDICT_NO;
}

static void test_record_asks_the_real_lookup_and_notes_it(void **state)
{
	static char one[] = "one", two[] = "two";
	struct record record;
	struct recording first = {&record, "first", {one, find}};
	struct recording second = {&record, "second", {two, find}};
	struct lookup in_first = record_lookup(&first), in_second = record_lookup(&second);
	struct span data = {NULL, 0};

	(void)state;
	record_init(&record);
	assert_int_equal(in_first.find(in_first.world, SPAN(""), &data), VERDICT_NO);
	assert_int_equal(in_first.find(in_first.world, SPAN("one"), &data), VERDICT_YES);
	CHECK_SPAN("the data is handed on", data, "data");
	assert_int_equal(in_second.find(in_second.world, SPAN("one"), &data), VERDICT_NO);
	assert_int_equal(record.count, 3);
	CHECK_SPAN("an empty key", record_key(&record, 0), "");
	CHECK_SPAN("a key", record_key(&record, 1), "one");
	assert_string_equal(record.entries[1].list, "first");
	assert_int_equal(record.entries[1].verdict, VERDICT_YES);
	assert_string_equal(record.entries[2].list, "second");
	assert_int_equal(record.entries[2].verdict, VERDICT_NO);
	record_clear(&record);
	assert_int_equal(record.count, 0);
	for (unsigned count = 0; count < 5000; count++)
		in_first.find(in_first.world, SPAN("key"), &data);
	assert_int_equal(record.count, 5000);
	CHECK_SPAN("the last one", record_key(&record, 4999), "key");
	assert_false(record.failed);
	record_free(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_asks_the_real_lookup_and_notes_it),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
