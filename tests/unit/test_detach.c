#include "unix/detach.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

/* The new process says something on a pipe, and so shows that it is there. */
static void check(const char *name)
{
	int ends[2], outcome;
	char said = 0;

	assert_int_equal(pipe(ends), 0);
	outcome = detach();
	if (outcome == 1)
		_exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
	close(ends[1]);
	if (outcome != 0 || read(ends[0], &said, 1) != 1 || said != 'x')
		fail_msg("%s: outcome %d, said %d", name, outcome, said);
	if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		fail_msg("%s: there is a child", name);
	close(ends[0]);
}

static void test_detached_process_is_no_child(void **state)
{
	(void)state;
	check("as usual");
	signal(SIGCHLD, SIG_IGN);
	check("where children leave no status");
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_detached_process_is_no_child),
	};

	return cmocka_run_group_tests_name("detach", tests, NULL, NULL);
}
