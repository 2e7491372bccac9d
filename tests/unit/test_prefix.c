#include "rules/prefix.h"

#include "support/check.h"

static void test_prefix_key_is_what_old_readers_know_where_they_know_it(void **state)
{
	const struct {
		const char *address;
		unsigned length;
		const char *key;
	} cases[] = {
		{"192.0.2.129", 32, "192.0.2.129"},
		{"192.0.2.129", 31, "192.0.2.128/31"},
		{"192.0.2.129", 25, "192.0.2.128/25"},
		{"192.0.2.129", 24, "192.0.2."},
		{"192.0.2.129", 23, "192.0.2.0/23"},
		{"192.168.2.129", 16, "192.168."},
		{"192.168.2.129", 9, "192.128.0.0/9"},
		{"192.168.2.129", 8, "192."},
		{"192.168.2.129", 1, "128.0.0.0/1"},
		{"192.168.2.129", 0, "0.0.0.0/0"},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 128,
		 "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 127,
		 "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe/127"},
		{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 48, "2001:db8:ffff::/48"},
		{"2001:db8::1", 24, "2001:d00::/24"},
		{"2001:db8::1", 16, "2001::/16"},
		{"2001:db8::1", 8, "2000::/8"},
		{"2001:db8::1", 0, "::/0"},
		{"2001:db8::1", 100, "2001:db8::/100"},
		{"2001:db8::1", 99, "2001:db8::/99"},
		{"::ffff:192.0.2.1", 24, "192.0.2."},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct address address;
		char key[PREFIX_KEY];

		assert_true(address_read(cases[index].address, &address));
		CHECK_SPAN(cases[index].key,
			   ((struct span){key, prefix_key(&address, cases[index].length, key)}),
			   cases[index].key);
	}
}

static void test_prefix_lengths_are_written_longest_first(void **state)
{
	const struct {
		const char *name;
		int lengths_4[4], lengths_6[4]; /* ended by -1 */
		struct span data;
	} cases[] = {
		{"none", {-1}, {-1}, SPAN("")},
		{"IPv4", {9, 30, 25, -1}, {-1}, SPAN("#4/30,25,9\0")},
		{"IPv6", {-1}, {48, 64, -1}, SPAN("#6/64,48\0")},
		{"both", {0, 31, -1}, {127, 0, 8, -1}, SPAN("#4/31,0\0#6/127,8,0\0")},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct prefix_lengths lengths = {.has_4 = {false}}, again;
		struct text data;

		for (size_t place = 0; cases[index].lengths_4[place] >= 0; place++)
			prefix_lengths_add(&lengths, 4, (unsigned)cases[index].lengths_4[place]);
		for (size_t place = 0; cases[index].lengths_6[place] >= 0; place++)
			prefix_lengths_add(&lengths, 6, (unsigned)cases[index].lengths_6[place]);
		text_init(&data, 1000);
		prefix_lengths_write(&lengths, &data);
		if (!span_equal(text_span(&data), cases[index].data))
			fail_msg("%s: \"%s\"", cases[index].name, text_string(&data));
		assert_int_equal(prefix_lengths_read(text_span(&data), &again), data.length > 0);
		assert_memory_equal(&lengths, &again, sizeof(lengths));
		text_free(&data);
	}
}

static void test_prefix_lengths_that_are_damaged_are_refused(void **state)
{
	const struct {
		const char *name;
		struct span data;
	} cases[] = {
		{"empty", SPAN("")},
		{"NUL", SPAN("\0")},
		{"no NUL", SPAN("#4/30")},
		{"no number", SPAN("#4/\0")},
		{"no number between", SPAN("#4/30,,9\0")},
		{"no number at the end", SPAN("#4/30,\0")},
		{"blank", SPAN("#4/30, 9\0")},
		{"sign", SPAN("#4/-1\0")},
		{"leading zero", SPAN("#6/027\0")},
		{"an exact address", SPAN("#4/32\0")},
		{"traditional", SPAN("#4/24\0")},
		{"longer than IPv6", SPAN("#6/129\0")},
		{"exact IPv6", SPAN("#6/128\0")},
		{"large", SPAN("#6/99999999999999999999999\0")},
		{"shortest first", SPAN("#6/48,64\0")},
		{"twice", SPAN("#6/48,48\0")},
		{"families turned round", SPAN("#6/48\0#4/30\0")},
		{"a family twice", SPAN("#4/30\0#4/25\0")},
		{"IPv6 twice", SPAN("#6/30\0#6/25\0")},
		{"another item", SPAN("#4/30\0+A=\0")},
		{"deny", SPAN("D\0")},
		{"of another family", SPAN("#5/30\0")},
		{"a tail", SPAN("#4/30\0#6/48")},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct prefix_lengths lengths;

		if (prefix_lengths_read(cases[index].data, &lengths))
			fail_msg("%s: taken for an index", cases[index].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_key_is_what_old_readers_know_where_they_know_it),
		cmocka_unit_test(test_prefix_lengths_are_written_longest_first),
		cmocka_unit_test(test_prefix_lengths_that_are_damaged_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
