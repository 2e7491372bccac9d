#include "queue/status.h"

#include "support/check.h"

#define EXITED(number) .result = {.has_exited = true, .code = (number), .was_fed = true}

struct row {
	const char *name;
	struct queue_result result;
	enum verdict verdict;
	const char *enhanced_code, *reason;
};

static void check(const struct row *row)
{
	struct text reason;
	char enhanced_code[12] = "";

	text_init(&reason, 1000);
	if (queue_status_read(&row->result, &reason, enhanced_code) != row->verdict)
		fail_msg("%s: wrong verdict, %s", row->name, text_string(&reason));
	CHECK_SPAN(row->name, text_span(&reason), row->reason);
	if (strcmp(enhanced_code, row->enhanced_code) != 0)
		fail_msg("%s: %s and not %s", row->name, enhanced_code, row->enhanced_code);
	text_free(&reason);
}

static void test_status_reads_exit_codes(void **state)
{
	static const struct row rows[] = {
		{"0", EXITED(0), VERDICT_YES, "", ""},
		{"0, though not all was read",
		 {true, 0, false, {NULL, 0}},
		 VERDICT_LATER,
		 "4.3.0",
		 "qq read error (#4.3.0)"},
		{"11", EXITED(11), VERDICT_NO, "5.1.3",
		 "envelope address too long for qq (#5.1.3)"},
		{"115", EXITED(115), VERDICT_NO, "5.1.3",
		 "envelope address too long for qq (#5.1.3)"},
		{"12", EXITED(12), VERDICT_NO, "5.3.0", "qq permanent problem (#5.3.0)"},
		{"31", EXITED(31), VERDICT_NO, "5.3.0",
		 "mail server permanently rejected message (#5.3.0)"},
		{"31, early",
		 {true, 31, false, {NULL, 0}},
		 VERDICT_NO,
		 "5.3.0",
		 "mail server permanently rejected message (#5.3.0)"},
		{"40", EXITED(40), VERDICT_NO, "5.3.0", "qq permanent problem (#5.3.0)"},
		{"10", EXITED(10), VERDICT_LATER, "4.3.0", "qq temporary problem (#4.3.0)"},
		{"41", EXITED(41), VERDICT_LATER, "4.3.0", "qq temporary problem (#4.3.0)"},
		{"51", EXITED(51), VERDICT_LATER, "4.3.0", "qq out of memory (#4.3.0)"},
		{"52", EXITED(52), VERDICT_LATER, "4.3.0", "qq timeout (#4.3.0)"},
		{"53", EXITED(53), VERDICT_LATER, "4.3.0", "qq write error or disk full (#4.3.0)"},
		{"54", EXITED(54), VERDICT_LATER, "4.3.0", "qq read error (#4.3.0)"},
		{"55", EXITED(55), VERDICT_LATER, "4.3.0",
		 "qq unable to read configuration (#4.3.0)"},
		{"56", EXITED(56), VERDICT_LATER, "4.3.0",
		 "qq trouble making network connection (#4.3.0)"},
		{"61", EXITED(61), VERDICT_LATER, "4.3.0", "qq trouble in home directory (#4.3.0)"},
		{"62", EXITED(62), VERDICT_LATER, "4.3.0",
		 "qq trouble creating files in queue (#4.3.0)"},
		{"66", EXITED(66), VERDICT_LATER, "4.3.0",
		 "qq trouble creating files in queue (#4.3.0)"},
		{"67", EXITED(67), VERDICT_LATER, "4.3.0", "qq temporary problem (#4.3.0)"},
		{"71", EXITED(71), VERDICT_LATER, "4.3.0",
		 "mail server temporarily rejected message (#4.3.0)"},
		{"72", EXITED(72), VERDICT_LATER, "4.4.1",
		 "connection to mail server timed out (#4.4.1)"},
		{"73", EXITED(73), VERDICT_LATER, "4.4.1",
		 "connection to mail server rejected (#4.4.1)"},
		{"74", EXITED(74), VERDICT_LATER, "4.4.2",
		 "communication with mail server failed (#4.4.2)"},
		{"81", EXITED(81), VERDICT_LATER, "4.3.0", "qq internal bug (#4.3.0)"},
		{"82 in silence", EXITED(82), VERDICT_LATER, "4.3.0",
		 "qq temporary problem (#4.3.0)"},
		{"91", EXITED(91), VERDICT_LATER, "4.3.0", "qq internal bug (#4.3.0)"},
		{"120", EXITED(120), VERDICT_LATER, "4.3.0", "unable to exec qq (#4.3.0)"},
		{"100", EXITED(100), VERDICT_LATER, "4.3.0", "qq temporary problem (#4.3.0)"},
		{"111", EXITED(111), VERDICT_LATER, "4.3.0", "qq temporary problem (#4.3.0)"},
		{"a signal",
		 {false, 0, true, {"Dno", 3}},
		 VERDICT_LATER,
		 "4.3.0",
		 "qq crashed (#4.3.0)"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(rows); index++)
		check(&rows[index]);
}

static void test_status_takes_a_programs_own_words(void **state)
{
	const struct {
		const char *name;
		int code;
		struct span text;
		enum verdict verdict;
		const char *enhanced_code, *reason;
	} cases[] = {
		{"for good", 82, SPAN("Dspam (#5.7.1)"), VERDICT_NO, "5.7.1", "spam (#5.7.1)"},
		{"for now", 88, SPAN("Zbusy (#4.2.0)"), VERDICT_LATER, "4.2.0", "busy (#4.2.0)"},
		{"at the beginning", 82, SPAN("D5.7.1 spam"), VERDICT_NO, "5.7.1", "5.7.1 spam"},
		{"for now", 82, SPAN("Z4.7.1 greylisted"), VERDICT_LATER, "4.7.1",
		 "4.7.1 greylisted"},
		{"at both ends", 82, SPAN("D5.7.1 spam (#5.7.2)"), VERDICT_NO, "5.7.2",
		 "5.7.1 spam (#5.7.2)"},
		{"of another class", 82, SPAN("D4.7.1 spam"), VERDICT_NO, "", "4.7.1 spam"},
		{"a number and no code", 82, SPAN("D5.7.1-spam"), VERDICT_NO, "", "5.7.1-spam"},
		{"behind a bracket that is not closed", 82, SPAN("Dspam (#5.7.1 x)"), VERDICT_NO,
		 "", "spam (#5.7.1 x)"},
		{"no code in it", 82, SPAN("Dvirus found"), VERDICT_NO, "", "virus found"},
		{"the code's class contradicts", 82, SPAN("Zodd (#5.7.1)"), VERDICT_LATER, "",
		 "odd (#5.7.1)"},
		{"no code at all", 82, SPAN("Da (#5.x.1)"), VERDICT_NO, "", "a (#5.x.1)"},
		{"too long a code", 82, SPAN("Da (#5.1234.1)"), VERDICT_NO, "", "a (#5.1234.1)"},
		{"an empty number in the code", 82, SPAN("Da (#5..11)"), VERDICT_NO, "",
		 "a (#5..11)"},
		{"longest code", 82, SPAN("Da (#5.123.456)"), VERDICT_NO, "5.123.456",
		 "a (#5.123.456)"},
		{"neither D nor Z refuses for good", 82, SPAN("spam"), VERDICT_LATER, "", "spam"},
		{"one line of it", 82, SPAN("Dspam\r\n250 ok\r\n"), VERDICT_NO, "", "spam"},
		{"printable", 82, SPAN("Dspam\t\0\x80\x7f."), VERDICT_NO, "", "spam????."},
		{"too short", 82, SPAN("D"), VERDICT_LATER, "4.3.0",
		 "qq temporary problem (#4.3.0)"},
		{"an LF is no text", 82, SPAN("D\n"), VERDICT_LATER, "4.3.0",
		 "qq temporary problem (#4.3.0)"},
		{"another code", 31, SPAN("Zignored"), VERDICT_NO, "5.3.0",
		 "mail server permanently rejected message (#5.3.0)"},
		{"success", 0, SPAN("Dignored"), VERDICT_YES, "", ""},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++)
		check(&(struct row){cases[index].name,
				    {true, cases[index].code, true, cases[index].text},
				    cases[index].verdict,
				    cases[index].enhanced_code,
				    cases[index].reason});
}

static void test_status_bounds_a_text(void **state)
{
	static char long_text[5000];
	struct queue_result result = {true, 82, true, {long_text, sizeof(long_text)}};
	struct text reason;
	char enhanced_code[12];

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	long_text[0] = 'D';
	text_init(&reason, 1000);
	assert_int_equal(queue_status_read(&result, &reason, enhanced_code), VERDICT_NO);
	assert_int_equal(reason.length, 255);
	text_free(&reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_reads_exit_codes),
		cmocka_unit_test(test_status_takes_a_programs_own_words),
		cmocka_unit_test(test_status_bounds_a_text),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
