#include "rules/pattern.h"

#include "support/check.h"

/* An address, its keys in angle brackets, and some words of what is wrong: of the flaw, or of the
 * reason why it is malformed when there are no keys (NULL). */
struct row {
	const char *address, *keys, *words;
};

static void check_row(const struct row *row, struct text *keys, struct text *room, struct text *why)
{
	struct pattern pattern;
	const char *words;
	struct span key;
	bool is_good;

	text_clear(keys);
	text_clear(room);
	text_clear(why);
	is_good = pattern_read(span_of(row->address), &pattern, room, why);
	while (is_good && pattern_next_key(&pattern, room, &key)) {
		text_add_byte(keys, '<');
		text_add(keys, key);
		text_add_byte(keys, '>');
	}
	if (is_good != (row->keys != NULL))
		fail_msg("%s: %s", row->address, is_good ? "is good" : text_string(why));
	if (is_good)
		CHECK_SPAN(row->address, text_span(keys), row->keys);
	words = is_good ? pattern.flaw : text_string(why);
	if (row->words ? !words || !strstr(words, row->words) : words != NULL)
		fail_msg("%s: \"%s\" and not \"%s\"", row->address, words ? words : "",
			 row->words ? row->words : "");
}

static void check_rows(const struct row *rows, size_t count)
{
	struct text keys, room, why;

	text_init(&keys, 10000);
	text_init(&room, 1000);
	text_init(&why, 1000);
	for (size_t index = 0; index < count; index++)
		check_row(&rows[index], &keys, &room, &why);
	text_free(&keys);
	text_free(&room);
	text_free(&why);
}

static void test_pattern_expands_ranges_as_ever(void **state)
{
	const struct row rows[] = {
		{"10.0-3.", "<10.0.><10.1.><10.2.><10.3.>", NULL},
		{"1.2.3.250-300",
		 "<1.2.3.250><1.2.3.251><1.2.3.252><1.2.3.253><1.2.3.254><1.2.3.255>", NULL},
		{"1.2.3.254-256", "<1.2.3.254><1.2.3.255>", NULL},
		{"1.2.3.-2", "<1.2.3.0><1.2.3.1><1.2.3.2>", NULL},
		{"1.2.3.007-8", "<1.2.3.7><1.2.3.8>", NULL},
		{"5-5.", "<5.>", NULL},
		{"1.2.3.7-", "", "reversed range"},
		{"1.2.3.9-7", "", "reversed range"},
		{"1.2.3.256-999", "", "reversed range"},
		{"-", "<0>", "no dot"},
		{"1-2.3-4.", "<1.3-4.><2.3-4.>", "no client"},
		{"10.0-1", "<10.0><10.1>", "no dot"},
		{"1.2.3.4-5.", "<1.2.3.4.><1.2.3.5.>", "no client"},
		{"1.2.3.18446744073709551616-1", "<1.2.3.0><1.2.3.1>", NULL},
		{"1.2.3.0-18446744073709551617", "<1.2.3.0><1.2.3.1>", NULL},
		{"10.1-2.0.0/16", "<10.1.0.0/16><10.2.0.0/16>", "a prefix length"},
		{"10.2-1.0.0/16", "", "reversed range"},
		{"10.1-2./8", "<10.1./8><10.2./8>", "a prefix length"},
		{"1/2.3-4.", "<1/2.3.><1/2.4.>", "a prefix length"},
		{"1.2.3.4/24.5-6", "<1.2.3.4/24.5><1.2.3.4/24.6>", "a prefix length"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_pattern_normalises_ipv6_and_prefix_lengths(void **state)
{
	const struct row rows[] = {
		{"192.0.2.0/25", "<192.0.2.0/25>", NULL},
		{"192.0.2.0/24", "<192.0.2.>", NULL},
		{"192.168.0.0/16", "<192.168.>", NULL},
		{"10.0.0.0/8", "<10.>", NULL},
		{"192.0.2.7/32", "<192.0.2.7>", NULL},
		{"0.0.0.0/0", "<0.0.0.0/0>", NULL},
		{"::/0", "<::/0>", NULL},
		{"2001:db8::1", "<2001:db8::1>", NULL},
		{"2001:DB8:0:0:0:0:0:1", "<2001:db8::1>", NULL},
		{"[2001:db8::1]", "<2001:db8::1>", NULL},
		{"[2001:db8::]/32", "<2001:db8::/32>", NULL},
		{"2001:db8::1/128", "<2001:db8::1>", NULL},
		{"::1", "<::1>", NULL},
		{"::", "<::>", NULL},
		{"::ffff:192.0.2.1", "<192.0.2.1>", NULL},
		{"[::FFFF:c000:201]", "<192.0.2.1>", NULL},
		{"::ffff:10.0.0.0/104", "<10.>", NULL},
		{"::ffff:0:0/96", "<0.0.0.0/0>", NULL},
		{"::ffff:192.0.2.1/128", "<192.0.2.1>", NULL},
		{"joe@2001:DB8::1", "<joe@2001:db8::1>", NULL},
		{"joe@[2001:db8::1]", "<joe@2001:db8::1>", NULL},
		{"j@oe@[::1]", "<j@oe@::1>", NULL},
		{"joe@192.0.2.1/32", "<joe@192.0.2.1>", NULL},
		{"joe@2001:db8::/32", "<joe@2001:db8::/32>", "with @"},
		{"joe@10.0.0.0/8", "<joe@10.>", "with @"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_pattern_tells_what_can_never_match(void **state)
{
	const struct row rows[] = {
		{"\t#1.2.3.4", "<\t#1.2.3.4>", "leading blank"},
		{" 1.2.3.4", "< 1.2.3.4>", "leading blank"},
		{" ", "< >", "leading blank"},
		{"10", "<10>", "no dot"},
		{"127.0.0", "<127.0.0>", "no dot"},
		{"=Host.example", "<=Host.example>", "upper-case"},
		{"=*.b.example", "<=*.b.example>", "=.example.org is for all below it"},
		{"=b.example.", "<=b.example.>", "a dot at the end"},
		{"=a b", "<=a b>", "blanks"},
		{"=b\xc3\xbc.example", "<=b\xc3\xbc.example>", "8-bit"},
		{"=192.0.2.1", "<=192.0.2.1>", "an address"},
		{"joe@=Host.example", "<joe@=Host.example>", "upper-case"},
		{"Joe@=host.example", "<Joe@=host.example>", NULL},
		{"1.2.3.037", "<1.2.3.037>", "leading zeros"},
		{"010.", "<010.>", "leading zeros"},
		{"1.2.3.256", "<1.2.3.256>", "no client"},
		{"1.2.3.4.", "<1.2.3.4.>", "no client"},
		{"1.2.3.4.5", "<1.2.3.4.5>", "no client"},
		{"1..2.", "<1..2.>", "no client"},
		{".", "<.>", "no client"},
		{"host.example", "<host.example>", "no client"},
		{"[1.2.3.4]", "<[1.2.3.4]>", "no client"},
		{"1.2.3/24", "<1.2.3/24>", "no client"},
		{"=host/24", "<=host/24>", NULL},
		{"joe@", "<joe@>", "with @"},
		{"joe@10.", "<joe@10.>", "with @"},
		{"joe@=.example", "<joe@=.example>", "with @"},
		{"joe@10", "<joe@10>", "no dot"},
		{"joe@host", "<joe@host>", "no client"},
		{"joe@10.1-2.0.0/16", "<joe@10.1-2.0.0/16>", "no client"},
		{"joe@10.0.0.0/16-18", "<joe@10.0.0.0/16-18>", "no client"},
		{"10.0.0.0/8-=", "<10.0.0.0/8-=>", "no client"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_pattern_tells_why_an_address_is_malformed(void **state)
{
	const struct row rows[] = {
		{"a-b.example", NULL, "a range has a number"},
		{"1.2.3.4-x", NULL, "a range has a number"},
		{"1.2.3.0/24-5", NULL, "a range has a number"},
		{"1-2/3", NULL, "a range has a number"},
		{"192.0.2.0/33", NULL, "prefix length 33 is more than 32"},
		{"2001:db8::/129", NULL, "prefix length 129 is more than 128"},
		{"192.0.2.0/", NULL, "the prefix length is no number"},
		{"192.0.2.0/x", NULL, "the prefix length is no number"},
		{"192.0.2.0/255.255.255.0", NULL, "the prefix length is no number"},
		{"192.0.2.0/-1", NULL, "a range has a number"},
		{"192.0.2.0/4294967320", NULL, "the prefix length is no number"},
		{"192.0.2.1/24", NULL, "host bits set: the network is 192.0.2.0/24"},
		{"2001:db8::1/32", NULL, "host bits set: the network is 2001:db8::/32"},
		{"10.0.0.1/0", NULL, "host bits set: the network is 0.0.0.0/0"},
		{"::ffff:192.0.2.0/24", NULL, "v4-mapped address below 96"},
		{"::ffff:0:0/95", NULL, "v4-mapped address below 96"},
		{"[2001:db8::1", NULL, "no ] behind the address"},
		{"[2001:db8::1]x", NULL, "neither a colon nor a prefix length behind ]"},
		{"2001:db8::1::2", NULL, "not an IPv6 address"},
		{"fe80::1%eth0", NULL, "not an IPv6 address"},
		{"2001:db8::1-2", NULL, "not an IPv6 address"},
		{"a:b@2001:db8::1", NULL, "not an IPv6 address"},
		{"=host:8080", NULL, "not an IPv6 address"},
		{"a:b@1.2.3.4", NULL, "not an IPv6 address"},
		{"a:b@=host", NULL, "not an IPv6 address"},
	};

	(void)state;
	check_rows(rows, LENGTH(rows));
}

static void test_pattern_tells_which_prefix_lengths_are_to_be_indexed(void **state)
{
	const struct {
		const char *address;
		bool is_indexed;
		unsigned version, prefix_length;
	} cases[] = {
		{"192.0.2.0/25", true, 4, 25},
		{"192.0.2.0/24", false, 0, 0},
		{"192.0.2.0/32", false, 0, 0},
		{"0.0.0.0/0", true, 4, 0},
		{"2001:db8::/32", true, 6, 32},
		{"2001:db8::1", false, 0, 0},
		{"::/0", true, 6, 0},
		{"::ffff:0:0/97", true, 4, 1},
		{"joe@10.0.0.0/9", false, 0, 0},
		{"10.", false, 0, 0},
	};
	struct text room, why;

	(void)state;
	text_init(&room, 1000);
	text_init(&why, 1000);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct pattern pattern;

		assert_true(pattern_read(span_of(cases[index].address), &pattern, &room, &why));
		if (pattern.is_indexed != cases[index].is_indexed ||
		    (pattern.is_indexed && (pattern.version != cases[index].version ||
					    pattern.prefix_length != cases[index].prefix_length)))
			fail_msg("%s", cases[index].address);
	}
	text_free(&room);
	text_free(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_expands_ranges_as_ever),
		cmocka_unit_test(test_pattern_normalises_ipv6_and_prefix_lengths),
		cmocka_unit_test(test_pattern_tells_what_can_never_match),
		cmocka_unit_test(test_pattern_tells_why_an_address_is_malformed),
		cmocka_unit_test(test_pattern_tells_which_prefix_lengths_are_to_be_indexed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
