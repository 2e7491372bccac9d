#include "unix/prototype.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/report.h"
#include "unix/waiting.h"

/* This test is its own program: started as "waiter", it answers each client with a variable. */
static int serve(void)
{
	const char *mark;

	report_begin("waiter");
	if (!waiting_take())
		return 0;
	mark = getenv("MARK");
	return dprintf(STDOUT_FILENO, "%d %s %s\n", (int)getpid(), mark ? mark : "none",
		       getenv(WAITING_VARIABLE) ? "waiting" : "serving") < 0;
}

static void start(struct prototype *prototype, const char *path, const char *variable)
{
	char *argv[] = {(char *)(uintptr_t) "waiter", NULL};
	char *environment[] = {(char *)(uintptr_t)variable, NULL};

	prototype_init(prototype);
	assert_int_equal(prototype_start(prototype, path, argv, environment), 0);
}

static void wait_until_ready(const struct prototype *prototype)
{
	struct pollfd polled = {.fd = prototype->socket, .events = POLLIN};

	assert_int_equal(poll(&polled, 1, 60000), 1);
}

static void reap(pid_t process)
{
	int status;

	assert_int_equal(waitpid(process, &status, 0), process);
}

/* One connection; what the copy said must be this, behind its process id. */
static void check_answer(struct prototype *prototype, struct span variables, const char *expected)
{
	char line[200] = "", wanted[200];
	int ends[2];
	pid_t copy;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(prototype_copy(prototype, ends[1], variables, &copy), PROTOTYPE_COPIED);
	close(ends[1]);
	assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
	snprintf(wanted, sizeof(wanted), "%d %s\n", (int)copy, expected);
	assert_string_equal(line, wanted);
	assert_int_equal(read(ends[0], line, 1), 0);
	close(ends[0]);
	reap(copy);
	assert_int_equal(prototype_has_ended(prototype, copy), PROTOTYPE_OTHER);
}

static void test_prototype_serves_each_connection_in_a_child_of_ours(void **state)
{
	struct prototype prototype;

	(void)state;
	start(&prototype, "/proc/self/exe", WAITING_VARIABLE "=waiter");
	wait_until_ready(&prototype);
	check_answer(&prototype, SPAN("MARK=one\0MORE=x=y\0"), "one serving");
	check_answer(&prototype, SPAN("MORE=x\0"), "none serving");
	check_answer(&prototype, SPAN("MARK=\0MARK=two\0"), "two serving");
	prototype_drop(&prototype);
	assert_int_equal(wait(NULL) > 0, true); /* it has ended by itself */
}

static void test_prototype_leaves_the_connection_free_when_it_cannot(void **state)
{
	static char large[WAITING_LARGEST + 1];
	struct prototype prototype;
	pid_t copy, process;

	(void)state;
	prototype_init(&prototype);
	assert_int_equal(prototype_copy(&prototype, 0, SPAN("A=b\0"), &copy), PROTOTYPE_CANNOT);
	start(&prototype, "/proc/self/exe", WAITING_VARIABLE "=waiter");
	process = prototype.process;
	wait_until_ready(&prototype);
	assert_int_equal(prototype_copy(&prototype, 0, (struct span){large, sizeof(large)}, &copy),
			 PROTOTYPE_CANNOT);
	check_answer(&prototype, SPAN("MARK=one\0"), "one serving");
	kill(process, SIGKILL);
	reap(process);
	assert_int_equal(prototype_copy(&prototype, 0, SPAN("A=b\0"), &copy), PROTOTYPE_CANNOT);
	assert_int_equal(prototype.process, -1);
}

static void test_prototype_tells_a_program_that_cannot_wait(void **state)
{
	static const struct {
		const char *name, *path, *variable;
		bool must_kill;
		enum prototype_end expected;
	} cases[] = {
		{"it waits", "/proc/self/exe", WAITING_VARIABLE "=waiter", true, PROTOTYPE_ENDED},
		{"it stands behind another", "/proc/self/exe", WAITING_VARIABLE "=rblsmtpd", false,
		 PROTOTYPE_NEVER},
		{"it does not know how to", "/bin/true", WAITING_VARIABLE "=true", false,
		 PROTOTYPE_NEVER},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct prototype prototype;
		enum prototype_end end;
		pid_t process;

		start(&prototype, cases[index].path, cases[index].variable);
		process = prototype.process;
		if (cases[index].must_kill) {
			wait_until_ready(&prototype);
			kill(process, SIGKILL);
		}
		reap(process);
		end = prototype_has_ended(&prototype, process);
		if (end != cases[index].expected)
			fail_msg("%s: %d", cases[index].name, (int)end);
		assert_int_equal(prototype.process, -1);
	}
}

static void test_prototype_does_not_grow_old(void **state)
{
	struct prototype prototype;
	unsigned served = 0;

	(void)state;
	start(&prototype, "/proc/self/exe", WAITING_VARIABLE "=waiter");
	wait_until_ready(&prototype);
	for (; prototype.process != -1 && served < 10000; served++)
		check_answer(&prototype, SPAN("MARK=one\0"), "one serving");
	assert_in_range(served, 50, 1000);
	assert_int_equal(wait(NULL) > 0, true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prototype_serves_each_connection_in_a_child_of_ours),
		cmocka_unit_test(test_prototype_leaves_the_connection_free_when_it_cannot),
		cmocka_unit_test(test_prototype_tells_a_program_that_cannot_wait),
		cmocka_unit_test(test_prototype_does_not_grow_old),
	};

	if (argc == 1 && strcmp(argv[0], "waiter") == 0)
		return serve();
	report_begin("test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
