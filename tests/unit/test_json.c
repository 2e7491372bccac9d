#include "base/json.h"

#include "support/check.h"

static void test_json_strings_are_valid_for_any_bytes(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		const char *written;
	} cases[] = {
		{"nothing", SPAN(""), "\"\""},
		{"plain", SPAN("a b"), "\"a b\""},
		{"what must be escaped", SPAN("\"\\"), "\"\\\"\\\\\""},
		{"control characters", SPAN("\0\t\n\x1f\x7f"),
		 "\"\\u0000\\u0009\\u000a\\u001f\\u007f\""},
		{"UTF-8 of 2, 3 and 4 bytes", SPAN("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
		 "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		{"no UTF-8", SPAN("\xff"), "\"\xef\xbf\xbd\""},
		{"cut short", SPAN("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"too long a form", SPAN("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"a surrogate", SPAN("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"a bad byte inside", SPAN("a\x80z"), "\"a\xef\xbf\xbdz\""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text out;

		text_init(&out, 1000);
		json_string(&out, cases[index].bytes);
		CHECK_SPAN(cases[index].name, text_span(&out), cases[index].written);
		text_free(&out);
	}
}

static void test_json_members(void **state)
{
	struct text out;

	(void)state;
	text_init(&out, 1000);
	json_member(&out, true, "a", SPAN(""));
	json_member(&out, false, "b", (struct span){NULL, 0});
	json_member_number(&out, false, "c", 7);
	json_member_bool(&out, false, "d", true);
	CHECK_SPAN("members", text_span(&out), "\"a\":\"\",\"b\":null,\"c\":7,\"d\":true");
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings_are_valid_for_any_bytes),
		cmocka_unit_test(test_json_members),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
