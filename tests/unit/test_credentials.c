#include "base/credentials.h"

#include "support/check.h"

static void test_credentials_are_three_fields_with_a_nul_behind_each(void **state)
{
	static const char full[CREDENTIALS_LARGEST + 1] = {[510] = 'x'};
	static const struct {
		const char *name;
		struct span message;
		const char *user, *password; /* NULL: malformed */
	} cases[] = {
		{"all three", BYTES("joe\0secret\0Y123\0"), "joe", "secret"},
		{"more behind them", BYTES("joe\0secret\0Y123\0more"), "joe", "secret"},
		{"an empty timestamp", BYTES("joe\0secret\0\0"), "joe", "secret"},
		{"all empty", BYTES("\0\0\0"), "", ""},
		{"bytes above 127", BYTES("jo\xc3\xab\0\xff\0\0"), "jo\xc3\xab", "\xff"},
		{"as long as can be", {full, CREDENTIALS_LARGEST}, "", ""},
		{"one more", {full, CREDENTIALS_LARGEST + 1}, NULL, NULL},
		{"nothing", BYTES(""), NULL, NULL},
		{"no NUL", BYTES("joe"), NULL, NULL},
		{"a name", BYTES("joe\0"), NULL, NULL},
		{"a password that does not end", BYTES("joe\0secret"), NULL, NULL},
		{"no timestamp", BYTES("joe\0secret\0"), NULL, NULL},
		{"a timestamp that does not end", BYTES("joe\0secret\0Y123"), NULL, NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span name, password;
		bool is_good = credentials_read(cases[index].message, &name, &password);

		if (is_good != (cases[index].user != NULL))
			fail_msg("%s: wrong verdict", cases[index].name);
		if (!is_good)
			continue;
		CHECK_SPAN(cases[index].name, name, cases[index].user);
		CHECK_SPAN(cases[index].name, password, cases[index].password);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials_are_three_fields_with_a_nul_behind_each),
	};

	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
