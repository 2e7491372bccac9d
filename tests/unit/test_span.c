#include "base/span.h"

#include "support/check.h"

static void test_span_cuts_lines(void **state)
{
	struct span rest = SPAN("one\n\nthree\0x\nlast"), line;

	(void)state;
	assert_true(span_next_line(&rest, &line));
	CHECK_SPAN("first", line, "one");
	assert_true(span_next_line(&rest, &line));
	CHECK_SPAN("empty", line, "");
	assert_true(span_next_line(&rest, &line));
	assert_int_equal(line.length, 7); /* a NUL is a byte like others */
	assert_true(span_next_line(&rest, &line));
	CHECK_SPAN("without its LF", line, "last");
	assert_false(span_next_line(&rest, &line));
}

static void test_span_never_leaves_its_bytes(void **state)
{
	struct span bytes = SPAN("abc"), none = {NULL, 0};

	(void)state;
	CHECK_SPAN("head", span_head(bytes, 9), "abc");
	CHECK_SPAN("tail", span_tail(bytes, 9), "");
	CHECK_SPAN("tail of none", span_tail(none, 1), "");
	assert_int_equal(span_byte(bytes, 3), -1);
	assert_int_equal(span_byte(SPAN("\xff"), 0), 255);
	assert_int_equal(span_find(none, 'a'), 0);
	assert_int_equal(span_find_last(bytes, 'x'), 3);
	assert_int_equal(span_find_last(SPAN("a@b@c"), '@'), 3);
	CHECK_SPAN("only blanks", span_trim_end(SPAN(" \t ")), "");
	CHECK_SPAN("blanks in front", span_trim_start(SPAN(" \tx ")), "x ");
}

static void test_span_knows_control_bytes(void **state)
{
	(void)state;
	assert_true(span_has_control(SPAN("\x1f"
					  "ab")));
	assert_true(span_has_control(SPAN("ab\x7f")));
	assert_true(span_has_control(SPAN("a\0b")));
	assert_false(span_has_control(SPAN(" ~\x80\xff")));
	assert_false(span_has_control(SPAN("")));
}

static void test_span_folds_ascii_only(void **state)
{
	(void)state;
	assert_true(span_equal_folded(SPAN("Mail.EXAMPLE"), SPAN("mail.example")));
	assert_false(span_equal_folded(SPAN("\xc4"), SPAN("\xe4")));
	assert_false(span_equal_folded(SPAN("a[`"), SPAN("A{@")));
	assert_true(span_starts_folded(SPAN("RCPT to"), SPAN("rcpt")));
	assert_false(span_starts(SPAN("a"), SPAN("ab")));
	assert_true(span_ends_folded(SPAN("x.Example"), SPAN(".example")));
	assert_false(span_ends_folded(SPAN("example"), SPAN("x.example")));
	assert_true(span_equal((struct span){NULL, 0}, SPAN("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_span_cuts_lines),
		cmocka_unit_test(test_span_never_leaves_its_bytes),
		cmocka_unit_test(test_span_knows_control_bytes),
		cmocka_unit_test(test_span_folds_ascii_only),
	};

	return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
