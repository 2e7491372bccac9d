#include "smtp/sasl.h"

#include "support/check.h"

static void test_sasl_decodes_base64_strictly(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
		struct span bytes;
	} cases[] = {
		{"", true, {"", 0}},
		{"Zg==", true, {"f", 1}},
		{"Zm8=", true, {"fo", 2}},
		{"Zm9v", true, {"foo", 3}},
		{"Zm9vYg==", true, {"foob", 4}},
		{"AAAA", true, {"\0\0\0", 3}},
		{"+/+/", true, {"\xfb\xff\xbf", 3}},
		{"Zg", false, {"", 0}},
		{"Zg=", false, {"", 0}},
		{"Zh==", false, {"", 0}},
		{"Zm9=", false, {"", 0}},
		{"Z===", false, {"", 0}},
		{"====", false, {"", 0}},
		{"Zg==Zg==", false, {"", 0}},
		{"Zm9 ", false, {"", 0}},
		{"Zm9-", false, {"", 0}},
		{"Zm9\xff", false, {"", 0}},
		{"=AAA", false, {"", 0}},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text out;

		text_init(&out, 100);
		if (sasl_decode(span_of(cases[index].text), &out) != cases[index].is_good)
			fail_msg("%s", cases[index].text);
		if (cases[index].is_good && !span_equal(text_span(&out), cases[index].bytes))
			fail_msg("%s: other bytes", cases[index].text);
		text_free(&out);
	}
}

static void test_sasl_holds_the_exchanges(void **state)
{
	static const struct {
		const char *name;
		enum sasl_mechanism mechanism;
		const char *initial;  /* NULL: none */
		const char *lines[2]; /* in answer to challenges */
		enum sasl_step step;
		const char *user, *password;
	} cases[] = {
		{"plain", SASL_PLAIN, NULL, {"AGFubgBzZWNyZXQ="}, SASL_DONE, "ann", "secret"},
		{"plain at once",
		 SASL_PLAIN,
		 "AGFubgBzZWNyZXQ=",
		 {NULL},
		 SASL_DONE,
		 "ann",
		 "secret"},
		{"for oneself",
		 SASL_PLAIN,
		 "YW5uAGFubgBzZWNyZXQ=",
		 {NULL},
		 SASL_DONE,
		 "ann",
		 "secret"},
		{"for another",
		 SASL_PLAIN,
		 "Ym9iAGFubgBzZWNyZXQ=",
		 {NULL},
		 SASL_UNUSABLE,
		 NULL,
		 NULL},
		{"NUL in the password",
		 SASL_PLAIN,
		 "AGFubgBzZQByZXQ=",
		 {NULL},
		 SASL_UNUSABLE,
		 NULL,
		 NULL},
		{"no user", SASL_PLAIN, "AABzZWNyZXQ=", {NULL}, SASL_UNUSABLE, NULL, NULL},
		{"no password", SASL_PLAIN, "AGFubgA=", {NULL}, SASL_UNUSABLE, NULL, NULL},
		{"one NUL", SASL_PLAIN, "AGFubg==", {NULL}, SASL_MALFORMED, NULL, NULL},
		{"no NUL", SASL_PLAIN, "YW5u", {NULL}, SASL_MALFORMED, NULL, NULL},
		{"empty", SASL_PLAIN, "=", {NULL}, SASL_MALFORMED, NULL, NULL},
		{"no base64", SASL_PLAIN, NULL, {"hello"}, SASL_MALFORMED, NULL, NULL},
		{"canceled", SASL_PLAIN, NULL, {"*"}, SASL_CANCELED, NULL, NULL},
		{"login", SASL_LOGIN, NULL, {"YW5u", "c2VjcmV0"}, SASL_DONE, "ann", "secret"},
		{"login at once", SASL_LOGIN, "YW5u", {"c2VjcmV0"}, SASL_DONE, "ann", "secret"},
		{"login, NUL", SASL_LOGIN, "YQBi", {"c2VjcmV0"}, SASL_UNUSABLE, NULL, NULL},
		{"login, empty", SASL_LOGIN, "YW5u", {""}, SASL_UNUSABLE, NULL, NULL},
		{"login, canceled", SASL_LOGIN, "YW5u", {"*"}, SASL_CANCELED, NULL, NULL},
		{"login, no base64", SASL_LOGIN, NULL, {"YW5u", "?"}, SASL_MALFORMED, NULL, NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct sasl sasl;
		struct span challenge = {NULL, 0};
		enum sasl_step step;
		unsigned line = 0;

		sasl_init(&sasl);
		step = sasl_start(&sasl, cases[index].mechanism, cases[index].initial != NULL,
				  span_of(cases[index].initial), &challenge);
		while (step == SASL_CHALLENGE && line < 2 && cases[index].lines[line])
			step = sasl_take(&sasl, span_of(cases[index].lines[line++]), &challenge);
		if (step != cases[index].step)
			fail_msg("%s: step %d", cases[index].name, step);
		if (step == SASL_DONE) {
			CHECK_SPAN(cases[index].name, text_span(&sasl.user), cases[index].user);
			CHECK_SPAN(cases[index].name, text_span(&sasl.password),
				   cases[index].password);
		}
		sasl_clear(&sasl);
		assert_int_equal(sasl.password.length, 0);
		for (size_t byte = 0; byte < sasl.password.capacity; byte++)
			assert_int_equal(sasl.password.bytes[byte], 0);
		text_free(&sasl.user);
		text_free(&sasl.password);
	}
}

static void test_sasl_what_no_program_could_take_is_nobodys(void **state)
{
	static const struct {
		size_t user, password; /* bytes */
		enum sasl_step step;
	} cases[] = {
		{252, 255, SASL_DONE},	  {252, 258, SASL_UNUSABLE}, {3, 504, SASL_DONE},
		{3, 507, SASL_UNUSABLE},  {504, 3, SASL_DONE},	     {507, 3, SASL_UNUSABLE},
		{9000, 3, SASL_UNUSABLE}, {3, 9000, SASL_UNUSABLE},  {9000, 9000, SASL_UNUSABLE},
	};
	char line[12000]; /* 'a' in threes */

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span challenge;
		struct sasl sasl;

		for (size_t byte = 0; byte < sizeof(line); byte++)
			line[byte] = "YWFh"[byte % 4];
		sasl_init(&sasl);
		sasl_start(&sasl, SASL_LOGIN, false, SPAN(""), &challenge);
		assert_int_equal(sasl_take(&sasl, (struct span){line, cases[index].user / 3 * 4},
					   &challenge),
				 SASL_CHALLENGE);
		assert_int_equal(sasl_take(&sasl,
					   (struct span){line, cases[index].password / 3 * 4},
					   &challenge),
				 cases[index].step);
		sasl_clear(&sasl);
		text_free(&sasl.user);
		text_free(&sasl.password);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sasl_decodes_base64_strictly),
		cmocka_unit_test(test_sasl_holds_the_exchanges),
		cmocka_unit_test(test_sasl_what_no_program_could_take_is_nobodys),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
