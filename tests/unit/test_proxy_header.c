#include "rules/proxy_header.h"

#include "support/check.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define PROXY_4	  SIGNATURE "\x21\x11"
#define FOUR	  "\xc0\x00\x02\x01\xc6\x33\x64\x02\x30\x39\x00\x19"
#define SIX                                        \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x30\x39\x00\x19"

#define X13    "xxxxxxxxxxxxx"
#define X91    X13 X13 X13 X13 X13 X13 X13
#define NUL_24 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define PATHS  NUL_24 NUL_24 NUL_24 NUL_24 NUL_24 NUL_24 NUL_24 NUL_24 NUL_24

struct outcome {
	enum proxy_step step;
	size_t taken; /* bytes that were read */
	struct proxy_header header;
	struct text why;
};

/* Read as a program does: exactly what is asked for, in pieces of at most so many bytes. */
static struct outcome read_all(struct span bytes, size_t piece)
{
	struct outcome outcome = {0};
	size_t more = 0;

	text_init(&outcome.why, 200);
	for (;;) {
		outcome.step = proxy_header_read(span_head(bytes, outcome.taken), &more,
						 &outcome.header, &outcome.why);
		if (outcome.step != PROXY_MORE || outcome.taken == bytes.length)
			return outcome;
		assert_true(more > 0 && outcome.taken + more <= PROXY_HEADER_LARGEST);
		if (more > piece)
			more = piece;
		if (more > bytes.length - outcome.taken)
			more = bytes.length - outcome.taken;
		outcome.taken += more;
	}
}

static void check_address(const char *name, const struct address *address, const char *expected)
{
	char text[ADDRESS_TEXT];

	address_write(address, text);
	CHECK_SPAN(name, span_of(text), expected);
}

static void test_proxy_header_tells_the_client(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		const char *remote, *local; /* NULL: the header gives no addresses */
	} cases[] = {
		{"tcp4", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n"), "192.0.2.1",
		 "198.51.100.2"},
		{"tcp6", SPAN("PROXY TCP6 2001:DB8::1 2001:db8::2 12345 25\r\n"), "2001:db8::1",
		 "2001:db8::2"},
		{"a mapped address is its IPv4 address",
		 SPAN("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.2 12345 25\r\n"), "192.0.2.1",
		 "198.51.100.2"},
		{"the longest",
		 SPAN("PROXY TCP6 "
		      "2001:0db8:0000:0000:0000:0000:0000:0001 "
		      "2001:0db8:0000:0000:0000:0000:0000:0002 12345 25\r\n"),
		 "2001:db8::1", "2001:db8::2"},
		{"unknown", SPAN("PROXY UNKNOWN\r\n"), NULL, NULL},
		{"unknown with addresses", SPAN("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), NULL,
		 NULL},
		{"the longest line", SPAN("PROXY UNKNOWN " X91 "\r\n"), NULL, NULL},
		{"binary 4", SPAN(PROXY_4 "\0\x0c" FOUR), "192.0.2.1", "198.51.100.2"},
		{"binary 6", SPAN(SIGNATURE "\x21\x21\0\x24" SIX), "2001:db8::1", "2001:db8::2"},
		{"binary with fields", SPAN(PROXY_4 "\0\x12" FOUR "\x04\0\3abc"), "192.0.2.1",
		 "198.51.100.2"},
		{"binary with a checksum", SPAN(PROXY_4 "\0\x13" FOUR "\x03\0\4\x97\x8b\x0b\x4c"),
		 "192.0.2.1", "198.51.100.2"},
		{"local", SPAN(SIGNATURE "\x20\0\0\0"), NULL, NULL},
		{"local with bytes to skip", SPAN(SIGNATURE "\x20\x11\0\3abc"), NULL, NULL},
		{"paths", SPAN(SIGNATURE "\x21\x31\0\xd8" PATHS), NULL, NULL},
		{"paths with a field", SPAN(SIGNATURE "\x21\x31\0\xdb" PATHS "\x04\0\0"), NULL,
		 NULL},
		{"no family", SPAN(SIGNATURE "\x21\0\0\0"), NULL, NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		char bytes[300];
		size_t length = cases[index].bytes.length;

		memcpy(bytes, cases[index].bytes.bytes, length);
		memcpy(bytes + length, "EHLO", 4); /* what follows must stay unread */
		for (size_t piece = 1; piece < 40; piece += 6) {
			struct outcome outcome = read_all((struct span){bytes, length + 4}, piece);

			if (outcome.step != PROXY_DONE || outcome.taken != length)
				fail_msg("%s: step %d after %zu bytes: %s", cases[index].name,
					 (int)outcome.step, outcome.taken,
					 text_string(&outcome.why));
			assert_int_equal(outcome.header.has_addresses, cases[index].remote != NULL);
			if (cases[index].remote) {
				check_address(cases[index].name, &outcome.header.remote,
					      cases[index].remote);
				check_address(cases[index].name, &outcome.header.local,
					      cases[index].local);
				assert_int_equal(outcome.header.remote_port, 12345);
				assert_int_equal(outcome.header.local_port, 25);
			}
			text_free(&outcome.why);
		}
	}
}

static void test_proxy_header_refuses_what_is_none(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		const char *reason;
	} cases[] = {
		{"a client", SPAN("EHLO client.example\r\n"), "no PROXY header"},
		{"nearly", SPAN("PROXI TCP4 "), "no PROXY header"},
		{"nearly binary", SPAN("\r\n\r\n\0\r\nQUIT\r"), "no PROXY header"},
		{"LF alone", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 1 25\n"),
		 "PROXY line: LF without CR"},
		{"CR alone", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 1 25\r\r"),
		 "PROXY line: CR without LF"},
		{"family", SPAN("PROXY TCP5 192.0.2.1 198.51.100.2 1 25\r\n"),
		 "PROXY line: neither TCP4, TCP6 nor UNKNOWN"},
		{"IPv6 as TCP4", SPAN("PROXY TCP4 2001:db8::1 2001:db8::2 1 25\r\n"),
		 "PROXY line: not an address of its family"},
		{"IPv4 as TCP6", SPAN("PROXY TCP6 192.0.2.1 198.51.100.2 1 25\r\n"),
		 "PROXY line: not an address of its family"},
		{"octet", SPAN("PROXY TCP4 192.0.2.256 198.51.100.2 1 25\r\n"),
		 "PROXY line: not an address of its family"},
		{"port", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 65536 25\r\n"),
		 "PROXY line: not a port"},
		{"leading zero", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 1 025\r\n"),
		 "PROXY line: not a port"},
		{"sign", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 +1 25\r\n"),
		 "PROXY line: not a port"},
		{"a word too few", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 25\r\n"),
		 "PROXY line: two addresses and two ports are wanted"},
		{"a word too many", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 1 25 x\r\n"),
		 "PROXY line: something follows the ports"},
		{"a blank at the end", SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 1 25 \r\n"),
		 "PROXY line: something follows the ports"},
		{"two blanks", SPAN("PROXY TCP4 192.0.2.1  198.51.100.2 1 25\r\n"),
		 "PROXY line: two addresses and two ports are wanted"},
		{"NUL", SPAN("PROXY UNKNOWN a\0b\r\n"), "PROXY line: a byte that is no text"},
		{"too long", SPAN("PROXY UNKNOWN " X91 "y\r\n"),
		 "PROXY line: longer than 107 bytes"},
		{"version 1 in binary", SPAN(SIGNATURE "\x11\x11\0\x0c" FOUR),
		 "PROXY header: neither version 2 LOCAL nor PROXY"},
		{"datagrams", SPAN(SIGNATURE "\x21\x12\0\x0c" FOUR),
		 "PROXY header: not a stream family"},
		{"too short", SPAN(PROXY_4 "\0\x0b" FOUR),
		 "PROXY header: too short for its addresses"},
		{"too short for paths", SPAN(SIGNATURE "\x21\x31\0\xd7" PATHS),
		 "PROXY header: too short for its addresses"},
		{"half a field behind paths", SPAN(SIGNATURE "\x21\x31\0\xda" PATHS "\x04\0"),
		 "PROXY header: a field is cut short"},
		{"half a field", SPAN(PROXY_4 "\0\x0e" FOUR "\x04\0"),
		 "PROXY header: a field is cut short"},
		{"a field beyond the end", SPAN(PROXY_4 "\0\x10" FOUR "\x04\0\2a"),
		 "PROXY header: a field is longer than the header"},
		{"wrong checksum", SPAN(PROXY_4 "\0\x13" FOUR "\x03\0\4\x97\x8b\x0b\x4d"),
		 "PROXY header: wrong checksum"},
		{"half a checksum", SPAN(PROXY_4 "\0\x11" FOUR "\x03\0\2\x97\x8b"),
		 "PROXY header: a checksum has four bytes"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		for (size_t piece = 1; piece < 40; piece += 6) {
			struct outcome outcome = read_all(cases[index].bytes, piece);

			if (outcome.step != PROXY_MALFORMED)
				fail_msg("%s: step %d", cases[index].name, (int)outcome.step);
			CHECK_SPAN(cases[index].name, text_span(&outcome.why), cases[index].reason);
			text_free(&outcome.why);
		}
}

static void test_proxy_header_waits_for_the_rest(void **state)
{
	struct span bytes = SPAN("PROXY TCP4 192.0.2.1 198.51.100.2 12345 25\r\n");

	(void)state;
	for (size_t length = 0; length < bytes.length; length++) {
		struct outcome outcome = read_all(span_head(bytes, length), 1);

		assert_int_equal(outcome.step, PROXY_MORE);
		text_free(&outcome.why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proxy_header_tells_the_client),
		cmocka_unit_test(test_proxy_header_refuses_what_is_none),
		cmocka_unit_test(test_proxy_header_waits_for_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
