#include "base/base64.h"

#include "support/check.h"

/* RFC 4648 section 10, and bytes beyond ASCII. */
static void test_base64_is_written_as_the_rfc_says(void **state)
{
	static const struct {
		const char *name;
		struct span bytes;
		const char *text;
	} cases[] = {
		{"nothing", BYTES(""), ""},
		{"one byte", BYTES("f"), "Zg=="},
		{"two", BYTES("fo"), "Zm8="},
		{"three", BYTES("foo"), "Zm9v"},
		{"four", BYTES("foob"), "Zm9vYg=="},
		{"six", BYTES("foobar"), "Zm9vYmFy"},
		{"NULs", BYTES("\0joe\0opensesame"), "AGpvZQBvcGVuc2VzYW1l"},
		{"the last digits", BYTES("\xff\xef\xff"), "/+//"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text text;

		text_init(&text, 100);
		base64_write(cases[index].bytes, &text);
		CHECK_SPAN(cases[index].name, text_span(&text), cases[index].text);
		text_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_is_written_as_the_rfc_says),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
