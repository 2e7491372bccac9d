#include "queue/wire.h"

#include "support/check.h"

static void test_wire_writes_messages(void **state)
{
	static const struct {
		const char *name, *message, *expected;
	} cases[] = {
		{"nothing", "", ".\r\n"},
		{"a line", "a\n", "a\r\n.\r\n"},
		{"without its end", "a", "a\r\n.\r\n"},
		{"dots", ".\n..\n.a\na.\n", "..\r\n...\r\n..a\r\na.\r\n.\r\n"},
		{"a dot without an end of line", ".", "..\r\n.\r\n"},
		{"empty lines", "\n\na\n\n", "\r\n\r\na\r\n\r\n.\r\n"},
		{"CRLF", "a\r\nb\r\n", "a\r\nb\r\n.\r\n"},
		{"a CR is a blank", "a\rb\n", "a b\r\n.\r\n"},
		{"it ends no message", "a\r.\rMAIL FROM:<x>\r\n", "a . MAIL FROM:<x>\r\n.\r\n"},
		{"nor begins a line", "\r.\n", " .\r\n.\r\n"},
		{"several", "a\r\r\r\nb", "a  \r\nb\r\n.\r\n"},
		{"at the end", "a\r", "a\r\n.\r\n"},
		{"alone", "\r", "\r\n.\r\n"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t piece = 1; piece <= 100; piece += 99) {
			struct span rest = span_of(cases[index].message);
			struct wire wire = {.is_inside_line = false};
			struct text out;

			text_init(&out, 1000);
			for (; rest.length; rest = span_tail(rest, piece))
				wire_write(&wire, span_head(rest, piece), &out);
			wire_end(&wire, &out);
			CHECK_SPAN(cases[index].name, text_span(&out), cases[index].expected);
			text_free(&out);
		}
}

static void test_wire_measures_what_goes_out(void **state)
{
	static const struct {
		const char *name, *message;
		uint64_t size;
	} cases[] = {
		{"nothing", "", 0},
		{"lines", "ab\ncd\n", 8},
		{"CRLF is as long as LF", "ab\r\ncd\r\n", 8},
		{"both", "ab\ncd\r\n", 8},
		{"without its end", "ab", 4},
		{"dots that are doubled do not count", ".\n..\n.a\n.", 14},
		{"a CR is a blank", "a\rb\n", 5},
		{"several", "a\r\r\r\nb\n", 8},
		{"at the end", "a\r", 3},
		{"alone", "\r", 2},
		{"empty lines", "\n\r\n\n", 6},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t piece = 1; piece <= 100; piece += 99) {
			struct span rest = span_of(cases[index].message);
			struct wire wire = {.is_inside_line = false};
			uint64_t size = 0;

			for (; rest.length; rest = span_tail(rest, piece))
				size += wire_measure(&wire, span_head(rest, piece));
			size += wire_measure_end(&wire);
			if (size != cases[index].size)
				fail_msg("%s: %u", cases[index].name, (unsigned)size);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_writes_messages),
		cmocka_unit_test(test_wire_measures_what_goes_out),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
