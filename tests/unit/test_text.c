#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

static void test_text_stops_at_its_maximum(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 5);
	text_add_string(&text, "abc");
	text_add_string(&text, "def");
	assert_true(text.failed);
	CHECK_SPAN("nothing of what does not fit", text_span(&text), "abc");
	text_add_byte(&text, 'd');
	CHECK_SPAN("failure stays", text_span(&text), "abc");
	text_clear(&text);
	text_add_string(&text, "12345");
	assert_false(text.failed);
	assert_string_equal(text_string(&text), "12345");
	text_free(&text);
	assert_string_equal(text_string(&text), "");
}

static void test_text_keeps_to_the_memory_it_is_given(void **state)
{
	char room[8] = "before!";
	struct text text;

	(void)state;
	text_init_in(&text, room, 6);
	assert_string_equal(text_string(&text), "");
	text_add_string(&text, "12345");
	assert_false(text.failed);
	assert_ptr_equal(text.bytes, room);
	text_add_byte(&text, '6');
	assert_true(text.failed);
	CHECK_SPAN("what fits", text_span(&text), "12345");
	assert_memory_equal(room + 6, "!", 2);
	text_clear(&text);
	text_add_string(&text, "abcde");
	CHECK_SPAN("again", text_span(&text), "abcde");
	assert_ptr_equal(text.bytes, room);
}

static void test_text_takes_memory_when_it_is_not_short_any_more(void **state)
{
	char room[8] = "!!!!!!!";
	struct text text;

	(void)state;
	text_init_short(&text, room, 6, 20);
	assert_string_equal(text_string(&text), "");
	text_add_string(&text, "12345");
	assert_ptr_equal(text.bytes, room);
	text_add_string(&text, "67890");
	assert_ptr_not_equal(text.bytes, room);
	CHECK_SPAN("what has moved", text_span(&text), "1234567890");
	assert_memory_equal(room + 6, "!", 2);
	text_clear(&text);
	text_add_string(&text, "12345678901234567890");
	CHECK_SPAN("as much as may be", text_span(&text), "12345678901234567890");
	text_add_byte(&text, '1');
	assert_true(text.failed);
	text_free(&text);
	text_init_short(&text, room, 6, 20);
	text_free(&text); /* what is the caller's is not freed */
	text_add_string(&text, "abc");
	assert_ptr_not_equal(text.bytes, room);
	text_free(&text);
}

static void test_text_is_a_string_wherever_it_is(void **state)
{
	struct text text;
	char *dirty = malloc(4096);

	(void)state;
	assert_non_null(dirty);
	memset(dirty, 'x', 4096);
	free(dirty); /* so that new memory is not zero by chance */
	text_init(&text, 10000);
	assert_true(text_reserve(&text, 4000));
	assert_string_equal(text_string(&text), "");
	text_add_string(&text, "abc");
	assert_true(text_reserve(&text, 9000));
	assert_string_equal(text_string(&text), "abc");
	text_free(&text);
}

static void test_text_refuses_lengths_that_overflow(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, SIZE_MAX - 1);
	text_add_string(&text, "x");
	assert_false(text_reserve(&text, SIZE_MAX));
	assert_true(text.failed);
	text_free(&text);
}

static void test_text_writes_numbers(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 200);
	text_add_number(&text, 0);
	text_add_byte(&text, ' ');
	text_add_number(&text, UINT64_MAX);
	text_add_byte(&text, ' ');
	text_add_number_wide(&text, 7, 3);
	text_add_byte(&text, ' ');
	text_add_number_wide(&text, 1234, 2);
	CHECK_SPAN("numbers", text_span(&text), "0 18446744073709551615 007 1234");
	text_free(&text);
}

static void test_text_cleans_what_it_is_told_to(void **state)
{
	struct text text;

	(void)state;
	text_init(&text, 200);
	text_add_string(&text, "\n");
	text_add_printable(&text, SPAN("a\0b\r\n\x7f\xe4 ~(c)"), SPAN("()"));
	CHECK_SPAN("only its own bytes", text_span(&text), "\na?b???? ~?c?");
	text_cut(&text, 1);
	text_add_folded(&text, SPAN("MiXed.\xc4"));
	CHECK_SPAN("folded", text_span(&text), "\nmixed.\xc4");
	text_cut(&text, 99);
	assert_int_equal(text.length, 8);
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_stops_at_its_maximum),
		cmocka_unit_test(test_text_keeps_to_the_memory_it_is_given),
		cmocka_unit_test(test_text_takes_memory_when_it_is_not_short_any_more),
		cmocka_unit_test(test_text_is_a_string_wherever_it_is),
		cmocka_unit_test(test_text_refuses_lengths_that_overflow),
		cmocka_unit_test(test_text_writes_numbers),
		cmocka_unit_test(test_text_cleans_what_it_is_told_to),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
