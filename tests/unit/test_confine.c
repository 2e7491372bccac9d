#include "unix/confine.h"

#include <grp.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static char directory[] = "/tmp/tidewaiter-confine.XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chmod(directory, 0755) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

/* Run it in a child; its exit code names the first thing that is not as it should be. */
static int in_child(int (*body)(void))
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(body());
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int check_confined(void)
{
	bool is_root = geteuid() == 0;
	uid_t user = is_root ? 1234 : getuid();
	struct rlimit core;
	gid_t groups[2];
	struct text why;

	text_init(&why, 1000);
	if (!confine(is_root ? directory : NULL, 1234, 1235, &why))
		return 1;
	if (getuid() != user || geteuid() != user || (is_root && setuid(0) == 0))
		return 2;
	if (is_root && (getgid() != 1235 || getgroups(2, groups) != 1 || groups[0] != 1235))
		return 3;
	if (is_root && (access("/etc", F_OK) == 0 || access("..", F_OK) != 0))
		return 4;
	if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 5;
	return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0 ? 0 : 6;
}

static void test_confined_process_has_nothing_left(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_confined), 0);
}

static int check_root_group(void)
{
	const gid_t others[] = {1236, 1237};
	struct text why;

	text_init(&why, 1000);
	if (setgroups(2, others) == -1 || !confine(NULL, 1234, 0, &why))
		return 1;
	return getgroups(0, NULL) == 0 && getgid() == 0 ? 0 : 2;
}

static void test_where_the_group_stays_the_others_do_not(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_child(check_root_group), 0);
}

static int check_refused(void)
{
	struct text why;

	text_init(&why, 1000);
	if (confine("/nowhere/at/all", 1234, 1235, &why))
		return 1;
	return strstr(text_string(&why), "/nowhere/at/all: No such file") ? 0 : 2;
}

static void test_a_refusal_is_explained(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root is refused anything */
	assert_int_equal(in_child(check_refused), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_confined_process_has_nothing_left),
		cmocka_unit_test(test_where_the_group_stays_the_others_do_not),
		cmocka_unit_test(test_a_refusal_is_explained),
	};

	return cmocka_run_group_tests_name("confine", tests, make_directory, remove_directory);
}
