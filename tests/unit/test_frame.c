#include "base/frame.h"

#include "support/check.h"

static void test_frame_carries_its_fields(void **state)
{
	struct frame frame;
	struct span fields, bytes;
	struct text text;
	uint64_t number;
	size_t start;

	(void)state;
	text_init(&text, 1000);
	text_add_string(&text, "before");
	start = frame_begin(&text, 7);
	assert_int_equal(start, 6);
	frame_add_number(&text, UINT64_MAX - 1);
	frame_add_span(&text, SPAN("a\0b"));
	frame_add_span(&text, (struct span){NULL, 0});
	frame_end(&text, start, 5);
	assert_false(text.failed);
	fields = span_tail(text_span(&text), start);
	assert_true(frame_read(fields, &frame));
	assert_int_equal(frame.kind, 7);
	assert_int_equal(frame.length, 8 + 4 + 3 + 4 + 5);
	fields = span_tail(fields, FRAME_HEADER);
	assert_true(frame_take_number(&fields, &number));
	assert_true(number == UINT64_MAX - 1);
	assert_true(frame_take_span(&fields, &bytes));
	assert_true(span_equal(bytes, SPAN("a\0b")));
	assert_true(frame_take_span(&fields, &bytes));
	assert_int_equal(bytes.length, 0);
	assert_int_equal(fields.length, 0);
	assert_false(frame_take_span(&fields, &bytes));
	assert_false(frame_take_number(&fields, &number));
	text_free(&text);
}

static void test_frame_believes_no_length(void **state)
{
	static const struct {
		const char *name;
		uint32_t length;
		size_t there; /* with the length */
		bool is_span;
	} cases[] = {
		{"nothing", 0, 0, false},
		{"half a length", 1, 2, false},
		{"a length only", 1, 4, false},
		{"one byte too few", 3, 4 + 2, false},
		{"all that there can be", UINT32_MAX, 4, false},
		{"more than all with the length", UINT32_MAX - 3, 4 + 4, false},
		{"whole", 2, 4 + 2, true},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		char there[] = "....abcd";
		struct span fields = {there, cases[index].there}, bytes = {NULL, 0};

		memcpy(there, &cases[index].length, sizeof(cases[index].length));
		if (frame_take_span(&fields, &bytes) != cases[index].is_span)
			fail_msg("%s", cases[index].name);
		if (!cases[index].is_span)
			assert_int_equal(fields.length, cases[index].there);
	}
}

static void test_frame_needs_its_header(void **state)
{
	struct frame frame;

	(void)state;
	for (size_t length = 0; length < FRAME_HEADER; length++)
		assert_false(frame_read((struct span){"\1\0\0\0\0\0\0\0", length}, &frame));
	assert_true(frame_read((struct span){"\1\0\0\0\0\0\0\0", 8}, &frame));
}

static void test_frame_fails_like_the_text_it_is_in(void **state)
{
	struct text text;
	size_t start;

	(void)state;
	text_init(&text, 12);
	start = frame_begin(&text, 1);
	frame_add_number(&text, 1);
	frame_end(&text, start, 0);
	assert_true(text.failed);
	text_clear(&text);
	start = frame_begin(&text, 1);
	frame_add_span(&text, SPAN(""));
	assert_false(text.failed);
	frame_end(&text, start, SIZE_MAX);
	assert_true(text.failed);
	text_clear(&text);
	start = frame_begin(&text, 1);
	frame_add_span(&text, SPAN(""));
	frame_end(&text, start, UINT32_MAX);
	assert_true(text.failed);
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_carries_its_fields),
		cmocka_unit_test(test_frame_believes_no_length),
		cmocka_unit_test(test_frame_needs_its_header),
		cmocka_unit_test(test_frame_fails_like_the_text_it_is_in),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
