#include "queue/qmqp.h"

#include "support/check.h"

static void test_qmqp_writes_netstrings(void **state)
{
	static const struct {
		const char *name, *envelope, *before, *behind;
		size_t length;
		uint64_t size;
	} cases[] = {
		{"the specification's form", "Fann@example.org\0Tbob@x\0Tc\0\0",
		 "45:10:", ",15:ann@example.org,5:bob@x,1:c,,", 28, 10},
		{"nothing", "F\0Tc\0\0", "10:0:", ",0:,1:c,,", 6, 0},
		{"a large message", "F\0Tc\0\0", "5000000019:5000000000:", ",0:,1:c,,", 6,
		 5000000000},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text before, behind;
		struct envelope envelope;

		text_init(&before, 100);
		text_init(&behind, 100);
		envelope_init(&envelope);
		assert_int_equal(envelope_feed(&envelope, (struct span){cases[index].envelope,
									cases[index].length}),
				 ENVELOPE_DONE);
		qmqp_write(&envelope, cases[index].size, &before, &behind);
		CHECK_SPAN(cases[index].name, text_span(&before), cases[index].before);
		CHECK_SPAN(cases[index].name, text_span(&behind), cases[index].behind);
		envelope_free(&envelope);
		text_free(&before);
		text_free(&behind);
	}
}

static void test_qmqp_reads_answers(void **state)
{
	const struct {
		const char *name;
		struct span bytes;
		enum qmqp_step step;
		enum verdict verdict;
		const char *words;
	} cases[] = {
		{"accepted", SPAN("3:Kok,"), QMQP_DONE, VERDICT_YES, "ok"},
		{"refused", SPAN("5:Dspam,"), QMQP_DONE, VERDICT_NO, "spam"},
		{"for now", SPAN("5:Zwait,"), QMQP_DONE, VERDICT_LATER, "wait"},
		{"without words", SPAN("1:K,"), QMQP_DONE, VERDICT_YES, ""},
		{"the longest length", SPAN("0000000001:K,"), QMQP_DONE, VERDICT_YES, ""},
		{"a longer one", SPAN("00000000001:K,"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"something behind", SPAN("1:K,1:D,"), QMQP_DONE, VERDICT_YES, ""},
		{"nothing", SPAN(""), QMQP_MORE, VERDICT_NO, NULL},
		{"a length", SPAN("3"), QMQP_MORE, VERDICT_NO, NULL},
		{"half", SPAN("3:K"), QMQP_MORE, VERDICT_NO, NULL},
		{"all but its end", SPAN("3:Kok"), QMQP_MORE, VERDICT_NO, NULL},
		{"no end", SPAN("3:Kokx"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"another letter", SPAN("2:xy,"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"empty", SPAN("0:,"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"a long one begins", SPAN("2001:K"), QMQP_MORE, VERDICT_NO, NULL},
		{"longer than any", SPAN("99999999999:K"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"no length", SPAN(":K,"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"a length that is none", SPAN("-1:K,"), QMQP_MALFORMED, VERDICT_NO, NULL},
		{"another protocol", SPAN("220 smtp.example"), QMQP_MALFORMED, VERDICT_NO, NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct span words = {NULL, 0};
		enum verdict verdict =
			cases[index].verdict == VERDICT_NO ? VERDICT_YES : VERDICT_NO;

		if (qmqp_read(cases[index].bytes, &verdict, &words) != cases[index].step)
			fail_msg("%s: another step", cases[index].name);
		if (cases[index].step != QMQP_DONE)
			continue;
		if (verdict != cases[index].verdict)
			fail_msg("%s: another verdict", cases[index].name);
		CHECK_SPAN(cases[index].name, words, cases[index].words);
	}
}

/* What it says is known by its first letter, and a message that was taken must not be sent again.
 */
static void test_qmqp_believes_the_beginning_of_a_long_answer(void **state)
{
	char bytes[QMQP_ANSWER + 100] = "3000:K";
	size_t start = strlen(bytes);
	enum verdict verdict = VERDICT_NO;
	struct span words;

	(void)state;
	memset(bytes + start, 'x', sizeof(bytes) - start);
	assert_int_equal(qmqp_read((struct span){bytes, QMQP_ANSWER}, &verdict, &words), QMQP_MORE);
	assert_int_equal(qmqp_read((struct span){bytes, sizeof(bytes)}, &verdict, &words),
			 QMQP_DONE);
	assert_int_equal(verdict, VERDICT_YES);
	assert_int_equal(words.length, QMQP_ANSWER - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_qmqp_writes_netstrings),
		cmocka_unit_test(test_qmqp_reads_answers),
		cmocka_unit_test(test_qmqp_believes_the_beginning_of_a_long_answer),
	};

	return cmocka_run_group_tests_name("qmqp", tests, NULL, NULL);
}
