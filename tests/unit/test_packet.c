#include "base/packet.h"

#include "support/check.h"

#define X64  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X256 X64 X64 X64 X64

static void test_packet_becomes_lines(void **state)
{
	static const struct {
		const char *name;
		uint64_t process;
		char direction;
		struct span bytes, lines;
	} cases[] = {
		{"nothing", 1, '<', BYTES(""), BYTES("")},
		{"a line", 5135, '<', BYTES("QUIT\r\n"), BYTES("5135 < QUIT\r \n")},
		{"two", 7, '>', BYTES("a\nb\n"), BYTES("7 > a \n7 > b \n")},
		{"part of one", 7, '>', BYTES("a\nb"), BYTES("7 > a \n7 > b+\n")},
		{"empty ones", 0, '<', BYTES("\n\n"), BYTES("0 <  \n0 <  \n")},
		{"any byte", 7, '<', BYTES("\0\377\033"), BYTES("7 < \0\377\033+\n")},
		{"the longest piece", 7, '<', BYTES(X256 "\n"), BYTES("7 < " X256 "+\n7 <  \n")},
		{"one byte more", 7, '<', BYTES(X256 "y\n"), BYTES("7 < " X256 "+\n7 < y \n")},
		{"a large number", UINT64_MAX, '<', BYTES("a"),
		 BYTES("18446744073709551615 < a+\n")},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct packet packet = {cases[index].process, cases[index].direction,
					cases[index].bytes};
		char lines[PACKET_LINES];
		struct span got = {lines, packet_next(&packet, lines)};

		if (!span_equal(got, cases[index].lines))
			fail_msg("%s: \"%.*s\"", cases[index].name, (int)got.length, got.bytes);
		assert_int_equal(packet_next(&packet, lines), 0);
	}
}

/* Each piece of lines ends with a line and is no longer than what a pipe takes at once. */
static void test_packet_makes_whole_lines(void **state)
{
	static char bytes[32768];
	struct packet packet = {UINT64_MAX, '>', {bytes, sizeof(bytes)}};
	char lines[PACKET_LINES];
	size_t length, number = 0;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	while ((length = packet_next(&packet, lines)) > 0) {
		assert_true(length <= sizeof(lines));
		assert_int_equal(lines[length - 1], '\n');
		for (size_t index = 0; index < length; index++)
			number += lines[index] == '\n';
	}
	assert_int_equal(number, sizeof(bytes) / PACKET_PIECE);
}

static void test_packet_tells_the_end(void **state)
{
	const struct packet packet = {5135, '<', {NULL, 0}};
	char lines[PACKET_LINES];

	(void)state;
	CHECK_SPAN("end", ((struct span){lines, packet_end(&packet, lines)}), "5135 < [EOF]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_becomes_lines),
		cmocka_unit_test(test_packet_makes_whole_lines),
		cmocka_unit_test(test_packet_tells_the_end),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
