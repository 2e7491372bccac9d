#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/start.h"

#define AT_A_TIME 4

static char *const no_environment[] = {NULL};

/* What a child says on its descriptor 1, to its end, as a string. */
static const char *heard(int descriptor)
{
	static char bytes[256];
	size_t length = 0;
	ssize_t count;

	while ((count = read(descriptor, bytes + length, sizeof(bytes) - 1 - length)) > 0)
		length += (size_t)count;
	bytes[length] = '\0';
	close(descriptor);
	return bytes;
}

static int ended(pid_t process)
{
	int status = -1;

	assert_int_equal(waitpid(process, &status, 0), process);
	return status;
}

/* Start sh with this script; *out is where it is heard. */
static pid_t shell(struct start *start, char *script, char *const envp[], int *out,
		   void (*say)(void *world, pid_t process))
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
	int ends[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct spawn_move moves[] = {{null, 0}, {-1, 1}};
	pid_t process;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	moves[1].from = ends[1];
	process = start_begin(start, "/bin/sh", argv, envp, moves, 2, say, &ends[1]);
	start_wait(start); /* argv ends here */
	close(ends[1]);
	close(null);
	*out = ends[0];
	return process;
}

static void say_process(void *world, pid_t process)
{
	dprintf(*(int *)world, "said %d\n", (int)process);
}

static void test_start_says_before_the_program_can(void **state)
{
	struct start start;
	char expected[64];
	pid_t process;
	int out;

	(void)state;
	assert_int_equal(start_init(&start), 0);
	for (unsigned count = 0; count < 50; count++) {
		process = shell(&start, (char[]){"echo ran $$"}, no_environment, &out, say_process);
		snprintf(expected, sizeof(expected), "said %d\nran %d\n", (int)process,
			 (int)process);
		assert_string_equal(heard(out), expected);
		assert_int_equal(ended(process), 0);
		assert_int_equal(start.process, process);
		assert_int_equal(start_failure(&start), 0);
	}
	start_free(&start);
}

static void test_start_gives_what_it_is_told_and_no_more(void **state)
{
	char *const environment[] = {(char[]){"A=1"}, (char[]){"B=2"}, NULL};
	struct start start;
	sigset_t mask, before;
	pid_t process;
	int out;

	(void)state;
	assert_int_equal(start_init(&start), 0);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &before);
	signal(SIGPIPE, SIG_IGN);
	process = shell(&start,
			(char[]){"echo $A$B; cat; ls /proc/self/fd | wc -l;"
				 "grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -d '\\n\\t'"},
			environment, &out, NULL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* ls has 0, 1, 2 and the directory. */
	assert_string_equal(heard(out), "12\n4\nSigBlk:0000000000000000SigIgn:0000000000000000");
	assert_int_equal(ended(process), 0);
	start_free(&start);
}

static void test_start_goes_on_with_several_at_a_time(void **state)
{
	struct start starts[AT_A_TIME];
	char variables[AT_A_TIME][16], expected[16], *environments[AT_A_TIME][2] = {0};
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"echo $N"}, NULL};
	pid_t processes[AT_A_TIME];
	int ends[AT_A_TIME][2];

	(void)state;
	for (size_t index = 0; index < AT_A_TIME; index++)
		assert_int_equal(start_init(&starts[index]), 0);
	for (unsigned round = 0; round < 50; round++) {
		for (size_t index = 0; index < AT_A_TIME; index++) {
			struct spawn_move move;

			assert_int_equal(pipe2(ends[index], O_CLOEXEC), 0);
			move = (struct spawn_move){ends[index][1], 1};
			snprintf(variables[index], sizeof(variables[index]), "N=%u.%zu", round,
				 index);
			environments[index][0] = variables[index];
			processes[index] = start_begin(&starts[index], "/bin/sh", argv,
						       environments[index], &move, 1, NULL, NULL);
			close(ends[index][1]);
		}
		for (size_t index = 0; index < AT_A_TIME; index++) {
			snprintf(expected, sizeof(expected), "%u.%zu\n", round, index);
			assert_string_equal(heard(ends[index][0]), expected);
			assert_int_equal(ended(processes[index]), 0);
		}
	}
	for (size_t index = 0; index < AT_A_TIME; index++)
		start_free(&starts[index]);
}

/* The child shares all memory: what goes wrong there must not change errno here. */
static void test_start_tells_of_a_program_that_cannot_run(void **state)
{
	char *const argv[] = {(char[]){"x"}, NULL};
	struct start start;

	(void)state;
	assert_int_equal(start_init(&start), 0);
	for (unsigned count = 0; count < 200; count++) {
		pid_t process;

		errno = 0;
		process = start_begin(&start, "/nowhere/x", argv, no_environment, NULL, 0, NULL,
				      NULL);
		if (process == -1) { /* where it waits */
			assert_int_equal(errno, ENOENT);
			assert_true(start.process > 0);
			continue;
		}
		while (!start_is_over(&start))
			assert_int_equal(errno, 0);
		assert_int_equal(errno, 0);
		assert_int_equal(start_failure(&start), ENOENT);
		assert_int_equal(ended(process), 111 << 8);
	}
	start_free(&start);
}

#ifndef START_WAITS

static void die_saying(void *world, pid_t process)
{
	(void)world;
	(void)process;
	kill(getpid(), SIGKILL);
}

/* Or a listener that it still has would be kept from the next server. */
static void test_start_goes_with_a_parent_that_is_killed(void **state)
{
	char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"echo ran"}, NULL};
	int ends[2];
	pid_t child;

	(void)state;
	for (unsigned count = 0; count < 20; count++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		child = fork();
		if (child == 0) {
			const struct spawn_move move = {ends[1], 1};
			struct start start;

			if (start_init(&start) == 0)
				start_begin(&start, "/bin/sh", argv, no_environment, &move, 1,
					    die_saying, NULL);
			_exit(98);
		}
		close(ends[1]);
		assert_int_equal(ended(child), SIGKILL);
		assert_string_equal(heard(ends[0]), "");
	}
}

#endif

/* As some container might: no child may share memory unless its parent waits. */
static void forbid_sharing(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, CLONE_VM | CLONE_VFORK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLONE_VM, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {LENGTH(filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		_exit(99);
}

static void test_start_waits_where_it_has_to(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		struct start start;
		pid_t process;
		int out;

		forbid_sharing();
		if (start_init(&start) == -1)
			_exit(98);
		process = shell(&start, (char[]){"echo ran"}, no_environment, &out, NULL);
		_exit(process > 0 && strcmp(heard(out), "ran\n") == 0 ? 0 : 97);
	}
	assert_int_equal(ended(child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_says_before_the_program_can),
		cmocka_unit_test(test_start_gives_what_it_is_told_and_no_more),
		cmocka_unit_test(test_start_goes_on_with_several_at_a_time),
		cmocka_unit_test(test_start_tells_of_a_program_that_cannot_run),
#ifndef START_WAITS
		cmocka_unit_test(test_start_goes_with_a_parent_that_is_killed),
#endif
		cmocka_unit_test(test_start_waits_where_it_has_to),
	};

	spawn_prepare(); /* whoever runs the tests may have left descriptors open */
	return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
