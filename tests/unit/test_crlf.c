#include "base/crlf.h"

#include <stdlib.h>

#include "support/check.h"

#define LONGEST 64

static const struct {
	const char *name;
	struct span input, added, mended, removed;
} cases[] = {
	{"nothing", BYTES(""), BYTES(""), BYTES(""), BYTES("")},
	{"an LF", BYTES("a\nb\n"), BYTES("a\r\nb\r\n"), BYTES("a\r\nb\r\n"), BYTES("a\nb\n")},
	{"a CR LF", BYTES("a\r\n"), BYTES("a\r\r\n"), BYTES("a\r\n"), BYTES("a\n")},
	{"both", BYTES("a\r\nb\n"), BYTES("a\r\r\nb\r\n"), BYTES("a\r\nb\r\n"), BYTES("a\nb\n")},
	{"empty lines", BYTES("\n\n\r\n\n"), BYTES("\r\n\r\n\r\r\n\r\n"), BYTES("\r\n\r\n\r\n\r\n"),
	 BYTES("\n\n\n\n")},
	{"a lone CR", BYTES("a\rb"), BYTES("a\rb"), BYTES("a\rb"), BYTES("a\rb")},
	{"CR CR LF", BYTES("\r\r\n"), BYTES("\r\r\r\n"), BYTES("\r\r\n"), BYTES("\r\n")},
	{"LF CR", BYTES("\n\r"), BYTES("\r\n\r"), BYTES("\r\n\r"), BYTES("\n\r")},
	{"no LF at the end", BYTES("a\nb"), BYTES("a\r\nb"), BYTES("a\r\nb"), BYTES("a\nb")},
	{"a CR at the end", BYTES("a\r"), BYTES("a\r"), BYTES("a\r"), BYTES("a\r")},
	{"NUL and others", BYTES("\0\n\377\r\0"), BYTES("\0\r\n\377\r\0"), BYTES("\0\r\n\377\r\0"),
	 BYTES("\0\n\377\r\0")},
};

/* Convert in pieces of random lengths up to largest, and see that no room is overrun. */
static size_t convert(enum crlf_change change, struct span input, size_t largest, char *output)
{
	struct crlf crlf = {.change = change};
	size_t length = 0;

	while (input.length) {
		struct span piece = span_head(input, 1 + (size_t)rand() % largest);
		size_t count = crlf_convert(&crlf, piece, output + length);

		assert_true(count <= CRLF_ROOM(piece.length));
		length += count;
		input = span_tail(input, piece.length);
	}
	return length + crlf_finish(&crlf, output + length);
}

static void check(const char *name, enum crlf_change change, struct span input,
		  struct span expected)
{
	char output[CRLF_ROOM(LONGEST)];

	for (size_t largest = 1; largest <= LONGEST; largest++) {
		struct span got = {output, convert(change, input, largest, output)};

		if (!span_equal(got, expected))
			fail_msg("%s, change %d, pieces of %zu: \"%.*s\"", name, (int)change,
				 largest, (int)got.length, got.bytes);
	}
}

static void test_crlf_changes_line_ends_in_any_pieces(void **state)
{
	(void)state;
	srand(1);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		check(cases[index].name, CRLF_ADD, cases[index].input, cases[index].added);
		check(cases[index].name, CRLF_MEND, cases[index].input, cases[index].mended);
		check(cases[index].name, CRLF_REMOVE, cases[index].input, cases[index].removed);
	}
}

/* Random strings of the bytes that matter: what was added is what is removed. */
static void test_crlf_remove_undoes_add(void **state)
{
	char input[LONGEST], added[CRLF_ROOM(LONGEST)], removed[CRLF_ROOM(CRLF_ROOM(LONGEST))];

	(void)state;
	srand(2);
	for (int round = 0; round < 2000; round++) {
		size_t length = (size_t)rand() % sizeof(input);
		struct span back = {removed, 0};

		for (size_t index = 0; index < length; index++)
			input[index] = "\r\n\0x"[rand() % 4];
		back.length = convert(CRLF_ADD, (struct span){input, length}, 7, added);
		back.length = convert(CRLF_REMOVE, (struct span){added, back.length}, 7, removed);
		assert_true(span_equal(back, (struct span){input, length}));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crlf_changes_line_ends_in_any_pieces),
		cmocka_unit_test(test_crlf_remove_undoes_add),
	};

	return cmocka_run_group_tests_name("crlf", tests, NULL, NULL);
}
