#include "host/check_password.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"
#include "support/spared.h"

/* Runs a shell script as the program; $in holds what it was told, colons for NULs. */
static enum verdict ask(const char *script, struct span user, struct span password,
			uint32_t seconds, const char **trouble)
{
	char text[1000];
	char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", text, NULL};

	snprintf(text, sizeof(text), "in=$(tr '\\0' : <&3); %s", script);
	return check_password(argv, user, password, seconds, -1, trouble);
}

static void test_check_password_hears_the_exit_code(void **state)
{
	static const struct {
		const char *name, *script;
		enum verdict verdict;
		bool has_trouble;
	} cases[] = {
		{"right", "case $in in ann:secret:[0-9]*:) exit 0; esac; exit 1", VERDICT_YES,
		 false},
		{"wrong", "exit 1", VERDICT_NO, false},
		{"misuse", "exit 2", VERDICT_NO, false},
		{"trouble", "exit 111", VERDICT_LATER, true},
		{"crash", "kill -9 $$", VERDICT_LATER, true},
		{"network", "read line || exit 0; exit 1", VERDICT_YES, false},
		{"environment", "env | grep -q secret && exit 1; exit 0", VERDICT_YES, false},
		{"descriptors",
		 "for f in 4 5 6 7 8 9; do [ -e /proc/self/fd/$f ] && exit 1; done; exit 0",
		 VERDICT_YES, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const char *trouble;
		enum verdict verdict =
			ask(cases[index].script, SPAN("ann"), SPAN("secret"), 60, &trouble);

		if (verdict != cases[index].verdict)
			fail_msg("%s: %d", cases[index].name, verdict);
		if ((trouble != NULL) != cases[index].has_trouble)
			fail_msg("%s: trouble %s", cases[index].name, trouble ? trouble : "none");
	}
}

static void test_check_password_sees_who_has_not_read(void **state)
{
	static const struct {
		const char *name, *script;
		bool has_read;
	} cases[] = {
		{"nothing", "exit 0", false},
		{"without descriptor 3", "exec 3<&-; exit 0", false},
		{"the user", "dd bs=1 count=4 <&3 2>&1", false},
		{"not all of the password", "dd bs=1 count=10 <&3 2>&1", false},
		{"user and password", "dd bs=1 count=11 <&3 2>&1", true},
		{"everything", "cat <&3", true},
		{"by a child", "(cat <&3 & wait)", true},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
				(char *)(uintptr_t)cases[index].script, NULL};
		const char *trouble;
		enum verdict verdict =
			check_password(argv, SPAN("ann"), SPAN("secret"), 60, -1, &trouble);

		if (verdict != VERDICT_YES)
			fail_msg("%s: %d", cases[index].name, verdict);
		if (cases[index].has_read != !trouble)
			fail_msg("%s: %s", cases[index].name, trouble ? trouble : "no trouble");
	}
}

static void test_check_password_refuses_what_does_not_fit(void **state)
{
	char password[600];
	const char *trouble;

	(void)state;
	memset(password, 'x', sizeof(password));
	assert_int_equal(ask("exit 0", SPAN("ann"), (struct span){password, 480}, 60, &trouble),
			 VERDICT_YES);
	assert_int_equal(ask("exit 0", SPAN("ann"), (struct span){password, 500}, 60, &trouble),
			 VERDICT_NO);
	assert_null(trouble);
}

static void test_check_password_does_not_wait_for_ever(void **state)
{
	const char *trouble;

	(void)state;
	assert_int_equal(ask("exec sleep 1000", SPAN("ann"), SPAN("secret"), 0, &trouble),
			 VERDICT_LATER);
	assert_non_null(trouble);
}

static void test_check_password_tells_why_it_cannot_be_run(void **state)
{
	static const struct {
		const char *program;
		int reason;
	} cases[] = {
		{"/no/such/program", ENOENT},
		{"no-such-program", ENOENT},
		{"/etc/passwd", EACCES},
		{"/", EACCES},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		char *argv[] = {(char *)(uintptr_t)cases[index].program, NULL};
		const char *trouble;

		errno = 0;
		if (check_password(argv, SPAN("ann"), SPAN("secret"), 60, -1, &trouble) !=
			    VERDICT_LATER ||
		    trouble || errno != cases[index].reason)
			fail_msg("%s: %s", cases[index].program, strerror(errno));
	}
}

static void test_check_password_is_told_to_stop(void **state)
{
	char *slow[] = {(char *)(uintptr_t) "sleep", (char *)(uintptr_t) "1000", NULL};
	time_t start = time(NULL);
	const char *trouble;
	int stop[2];

	(void)state;
	assert_int_equal(pipe(stop), 0);
	assert_int_equal(write(stop[1], "", 1), 1);
	assert_int_equal(check_password(slow, SPAN("ann"), SPAN("secret"), 60, stop[0], &trouble),
			 VERDICT_LATER);
	assert_in_range(time(NULL) - start, 0, 30);
	assert_non_null(strstr(trouble, "shall end"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and nothing is left behind */
	close(stop[0]);
	close(stop[1]);
}

static void test_check_password_leaves_behind_what_it_cannot_end(void **state)
{
	char *slow[] = {(char *)(uintptr_t) "sleep", (char *)(uintptr_t) "30", NULL};
	time_t start = time(NULL);
	const char *trouble;

	(void)state;
	is_spared = true;
	assert_int_equal(check_password(slow, SPAN("ann"), SPAN("secret"), 0, -1, &trouble),
			 VERDICT_LATER);
	assert_in_range(time(NULL) - start, 0, 20);
	CHECK_SPAN("trouble", span_of(trouble), "it did not answer in time");
	end_spared();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check_password_hears_the_exit_code),
		cmocka_unit_test(test_check_password_sees_who_has_not_read),
		cmocka_unit_test(test_check_password_refuses_what_does_not_fit),
		cmocka_unit_test(test_check_password_does_not_wait_for_ever),
		cmocka_unit_test(test_check_password_tells_why_it_cannot_be_run),
		cmocka_unit_test(test_check_password_is_told_to_stop),
		cmocka_unit_test(test_check_password_leaves_behind_what_it_cannot_end),
	};

	return cmocka_run_group_tests_name("check_password", tests, NULL, NULL);
}
