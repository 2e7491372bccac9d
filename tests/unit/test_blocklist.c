#include "rules/blocklist.h"

#include "support/check.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_read(text, &address));
	return address;
}

static void test_blocklist_writes_the_name_of_a_client(void **state)
{
	static const struct {
		const char *name, *client, *base, *expected;
	} cases[] = {
		{"IPv4", "192.0.2.17", "bl.example", "17.2.0.192.bl.example"},
		{"v4-mapped", "::ffff:192.0.2.17", "bl.example", "17.2.0.192.bl.example"},
		{"IPv6 by nibbles (RFC 5782 section 2.4)", "2001:db8:1:2:3:4:567:89ab",
		 "bl.example",
		 "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.example"},
		{"words are no part of it", "127.0.0.2", "bl.example:go away",
		 "2.0.0.127.bl.example"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address client = address_of(cases[index].client);
		struct blocklist list;
		struct text name;

		text_init(&name, 1000);
		blocklist_init(&list, span_of(cases[index].base));
		blocklist_write_name(&list, &client, &name);
		CHECK_SPAN(cases[index].name, text_span(&name), cases[index].expected);
		blocklist_free(&list);
		text_free(&name);
	}
}

static void test_blocklist_is_a_domain(void **state)
{
	static const struct {
		const char *name, *base;
		bool is_one;
	} cases[] = {
		{"a domain", "bl.example", true},	   {"with words", "bl.example:.a..b", true},
		{"a dot at its end", "bl.example.", true}, {"nothing", "", false},
		{"words alone", ":words", false},	   {"a dot alone", ".", false},
		{"a dot in front", ".bl.example", false},  {"two dots", "bl..example", false},
		{"two at its end", "bl.example..", false},
	};
	static const struct {
		size_t label, count; /* of bytes, of labels */
		bool is_one;
	} lengths[] = {{63, 1, true}, {64, 1, false}, {18, 10, true}, {47, 4, false}};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct blocklist list;

		if (blocklist_init(&list, span_of(cases[index].base)) != cases[index].is_one)
			fail_msg("%s", cases[index].name);
	}
	for (size_t index = 0; index < LENGTH(lengths); index++) {
		struct blocklist list;
		struct text base;

		text_init(&base, 1000);
		for (size_t byte = 1; byte < lengths[index].count * (lengths[index].label + 1);
		     byte++)
			text_add_byte(&base, byte % (lengths[index].label + 1) ? 'x' : '.');
		if (blocklist_init(&list, text_span(&base)) != lengths[index].is_one)
			fail_msg("labels of %zu, %zu bytes", lengths[index].label, base.length);
		text_free(&base);
	}
}

/* One list as a word: kind and flags, '=', A answer, '/', TXT answer. Kinds: r, a. Flags: b (for
 * good), c (fails closed). Answers: '-' none, '?' could not be found out, '.' not there yet, else
 * the record. */
static void read_answer(struct span word, enum verdict *verdict, bool *is_there)
{
	*is_there = !span_equal(word, SPAN("."));
	*verdict = span_equal(word, SPAN("-"))	 ? VERDICT_NO
		   : span_equal(word, SPAN("?")) ? VERDICT_LATER
						 : VERDICT_YES;
}

static void read_list(struct span word, struct blocklist *list)
{
	size_t equals = span_find(word, '='), slash = span_find(word, '/');
	struct span first = span_tail(span_head(word, slash), equals + 1);
	struct span second = span_tail(word, slash + 1);
	struct address addresses[4];
	size_t count = 0;
	enum verdict verdict;
	bool is_there;

	blocklist_init(list, SPAN("bl.example"));
	list->is_allowing = word.bytes[0] == 'a';
	list->is_permanent = span_find(span_head(word, equals), 'b') < equals;
	list->fails_closed = span_find(span_head(word, equals), 'c') < equals;
	if (span_find(span_head(word, equals), 'w') < equals)
		list->words = SPAN("100% %IP% %IP");
	read_answer(first, &verdict, &is_there);
	while (verdict == VERDICT_YES && is_there && first.length) {
		size_t end = span_find(first, '+');

		assert_true(address_read_span(span_head(first, end), &addresses[count++]));
		first = span_tail(first, end + 1);
	}
	if (is_there)
		blocklist_take_addresses(list, verdict, addresses, count);
	read_answer(second, &verdict, &is_there);
	if (is_there)
		blocklist_take_text(list, verdict, second);
}

static void test_blocklist_decides_as_if_lists_were_asked_in_order(void **state)
{
	static const struct {
		const char *name, *lists, *expected;
	} cases[] = {
		{"no list", "", "pass"},
		{"not listed", "r=-/-", "pass"},
		{"listed, with a reason", "r=127.0.0.2/spam", "now spam"},
		{"for good", "rb=127.0.0.2/spam", "refuse spam"},
		{"a TXT record is enough", "rb=-/spam", "refuse spam"},
		{"an A record is enough", "rb=127.0.0.2/-",
		 "refuse 192.0.2.1 is listed by bl.example"},
		{"or when there is no finding out why", "rb=127.0.0.2/?",
		 "refuse 192.0.2.1 is listed by bl.example"},
		{"a reason whose A record is not to be had may be a broken list's", "rb=?/spam",
		 "now spam"},
		{"words of our own", "rbw=127.0.0.2/-", "refuse 100% 192.0.2.1 %IP"},
		{"which need no TXT record", "rbw=127.0.0.2/.", "refuse 100% 192.0.2.1 %IP"},
		{"nor count one", "rbw=-/spam", "pass"},
		{"an error answer", "rb=127.255.255.254/open resolver", "pass"},
		{"the whole of that net", "rb=127.255.255.1/x", "pass"},
		{"not the one beside", "rb=127.255.254.1/x", "refuse x"},
		{"a domain for sale", "rb=203.0.113.9/buy me", "pass"},
		{"one bad answer of many", "rb=127.0.0.2+127.0.0.4+192.0.2.9/x", "pass"},
		{"several good ones", "rb=127.0.0.2+127.0.0.11/x", "refuse x"},
		{"allowed", "a=127.0.0.2/-|rb=127.0.0.2/spam", "pass"},
		{"not allowed", "a=-/-|rb=127.0.0.2/spam", "refuse spam"},
		{"allowed by a broken list", "a=203.0.113.9/-|rb=127.0.0.2/x", "refuse x"},
		{"the first that decides", "rb=127.0.0.2/first|a=127.0.0.2/-", "refuse first"},
		{"the later list decides", "r=-/-|rb=127.0.0.2/second", "refuse second"},
		{"a list that fails is open", "r=?/?", "pass"},
		{"even for half an answer", "r=-/?", "pass"},
		{"or closed", "rbc=?/?", "now temporary RBL lookup error"},
		{"half an answer is none then, either", "rbc=?/-",
		 "now temporary RBL lookup error"},
		{"a failure makes later refusals temporary", "r=?/?|rb=127.0.0.2/x", "now x"},
		{"an allowing list that fails allows", "a=?/-|rb=127.0.0.2/x", "pass"},
		{"or not", "ac=?/-|rb=127.0.0.2/x", "now x"},
		{"but one that answers does", "ac=127.0.0.2/-|rb=127.0.0.2/x", "pass"},
		{"an answer is missing", "r=./spam", "wait"},
		{"the other one is", "r=127.0.0.2/.", "wait"},
		{"a broken list is not waited for", "r=127.255.255.254/.", "pass"},
		{"an earlier list's is missing", "a=./-|rb=127.0.0.2/x", "wait"},
		{"a later one's does not matter", "rb=127.0.0.2/x|r=./.", "refuse x"},
		{"nor does it behind one that allows", "a=127.0.0.2/-|r=./.", "pass"},
		{"bytes of strangers", "rb=127.0.0.2/a\x07\xff\r\n.", "refuse a????."},
	};
	static const char *const steps[] = {"wait", "pass", "refuse", "now"};
	struct address client = address_of("192.0.2.1");

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span rest = span_of(cases[index].lists);
		struct blocklist lists[4];
		struct text reason, decided;
		size_t count = 0;

		text_init(&reason, BLOCKLIST_TEXT);
		text_init(&decided, 1000);
		while (rest.length) {
			size_t end = span_find(rest, '|');

			read_list(span_head(rest, end), &lists[count++]);
			rest = span_tail(rest, end + 1);
		}
		text_add_string(&decided, steps[blocklist_decide(lists, count, &client, &reason)]);
		if (reason.length)
			text_add_byte(&decided, ' ');
		text_add(&decided, text_span(&reason));
		CHECK_SPAN(cases[index].name, text_span(&decided), cases[index].expected);
		while (count)
			blocklist_free(&lists[--count]);
		text_free(&reason);
		text_free(&decided);
	}
}

static void test_blocklist_bounds_a_reason(void **state)
{
	static char long_text[5000];
	struct address client = address_of("192.0.2.1"), answer = address_of("127.0.0.2");
	struct blocklist list;
	struct text reason;

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	text_init(&reason, BLOCKLIST_TEXT);
	blocklist_init(&list, SPAN("bl.example"));
	blocklist_take_addresses(&list, VERDICT_YES, &answer, 1);
	blocklist_take_text(&list, VERDICT_YES, (struct span){long_text, sizeof(long_text)});
	assert_int_equal(blocklist_decide(&list, 1, &client, &reason), BLOCKLIST_REFUSE_NOW);
	assert_int_equal(reason.length, BLOCKLIST_TEXT);
	blocklist_free(&list);
	text_free(&reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocklist_writes_the_name_of_a_client),
		cmocka_unit_test(test_blocklist_is_a_domain),
		cmocka_unit_test(test_blocklist_decides_as_if_lists_were_asked_in_order),
		cmocka_unit_test(test_blocklist_bounds_a_reason),
	};

	return cmocka_run_group_tests_name("blocklist", tests, NULL, NULL);
}
