#include "unix/ident.h"

#include "support/check.h"

/* A span fit for a table. */
#define BYTES(literal)                         \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}

static void test_ident_reads_answers(void **state)
{
	static const struct {
		const char *name;
		struct span answer;
		const char *info;
	} cases[] = {
		{"usual", BYTES("6193, 23 : USERID : UNIX : stjohns\r\n"), "stjohns"},
		{"without blanks", BYTES("1,2:USERID:UNIX:joe\n"), "joe"},
		{"a character set", BYTES("1,2 : USERID : UNIX-US , US-ASCII : joe\r\n"), "joe"},
		{"colons in the name", BYTES("1,2:USERID:OTHER:a:b\r\n"), "a:b"},
		{"blanks in the name", BYTES("1,2:USERID:OTHER: a b\tc \r\n"), "abc"},
		{"an error", BYTES("1,2 : ERROR : NO-USER\r\n"), ""},
		{"nonsense", BYTES("go away\r\n"), ""},
		{"nothing", BYTES("\r\n"), ""},
		{"an empty name", BYTES("1,2:USERID:UNIX:\r\n"), ""},
		{"no end", BYTES("1,2:USERID:UNIX:joe"), "joe"},
		{"only the first line", BYTES("1,2:USERID:UNIX:joe\nbob\n"), "joe"},
		{"unprintable bytes", BYTES("1,2:USERID:UNIX:\0\x7f\xe4\x1b[31m\r\n"), "????[31m"},
	};
	struct text info;

	(void)state;
	text_init(&info, 512);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		text_clear(&info);
		ident_read(cases[index].answer, &info);
		CHECK_SPAN(cases[index].name, text_span(&info), cases[index].info);
	}
	text_free(&info);
}

static void test_ident_cuts_long_names(void **state)
{
	char answer[1000] = "1,2:USERID:UNIX:";
	struct text info;

	(void)state;
	text_init(&info, 512);
	memset(answer + 16, 'x', sizeof(answer) - 16);
	ident_read((struct span){answer, sizeof(answer)}, &info);
	assert_int_equal(info.length, 256);
	text_free(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ident_reads_answers),
		cmocka_unit_test(test_ident_cuts_long_names),
	};

	return cmocka_run_group_tests_name("ident", tests, NULL, NULL);
}
