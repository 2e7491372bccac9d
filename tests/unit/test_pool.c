#include "unix/pool.h"

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
	if (!waiting_take(NULL))
		return 0;
	mark = getenv("MARK");
	return dprintf(STDOUT_FILENO, "%d %s %s\n", (int)getpid(), mark ? mark : "none",
		       getenv(WAITING_VARIABLE) ? "waiting" : "serving") < 0;
}

static int start(struct pool *pool, const char *path, const char *variable)
{
	char *argv[] = {(char *)(uintptr_t) "waiter", NULL};
	char *environment[] = {(char *)(uintptr_t)variable, NULL};

	return pool_start(pool, path, argv, environment);
}

/* The newest one has said that it is ready, or has ended. */
static void wait_for_newest(const struct pool *pool)
{
	struct pollfd polled = {.fd = pool->process[pool->count - 1].socket, .events = POLLIN};

	assert_int_equal(poll(&polled, 1, 60000), 1);
}

/* A pool with so many that are ready. */
static void fill(struct pool *pool, size_t count)
{
	pool_init(pool, count);
	while (pool->count < count) {
		assert_true(pool_is_short(pool));
		assert_int_equal(start(pool, "/proc/self/exe", WAITING_VARIABLE "=waiter"), 0);
		wait_for_newest(pool);
		pool_hear(pool);
	}
	assert_false(pool_is_short(pool));
}

static int reap(pid_t process)
{
	int status;

	assert_int_equal(waitpid(process, &status, 0), process);
	return status;
}

/* One connection; what was said must be this, behind the process id, which is returned. */
static pid_t check_answer(struct pool *pool, struct span variables, const char *expected)
{
	char line[200] = "", wanted[200];
	int ends[2];
	pid_t process;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	process = pool_give(pool, ends[1], variables);
	assert_true(process > 0);
	close(ends[1]);
	assert_true(read(ends[0], line, sizeof(line) - 1) > 0);
	snprintf(wanted, sizeof(wanted), "%d %s\n", (int)process, expected);
	assert_string_equal(line, wanted);
	assert_int_equal(read(ends[0], line, 1), 0);
	close(ends[0]);
	assert_int_equal(reap(process), 0);
	assert_int_equal(pool_has_ended(pool, process, 0), POOL_OTHER);
	return process;
}

/* All are told to end, and do so with 0. */
static void check_drop(struct pool *pool)
{
	size_t count = pool->count;
	int status;

	pool_drop(pool);
	assert_false(pool_is_short(pool));
	while (count--) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(wait(NULL), -1);
}

static void test_pool_serves_each_connection_by_a_process_of_its_own(void **state)
{
	struct pool pool;
	pid_t oldest;

	(void)state;
	fill(&pool, 4);
	oldest = pool.process[0].process;
	assert_int_equal(check_answer(&pool, SPAN("MARK=one\0MORE=x=y\0"), "one serving"), oldest);
	assert_true(pool_is_short(&pool));
	check_answer(&pool, SPAN("MORE=x\0"), "none serving");
	check_answer(&pool, SPAN("MARK=\0MARK=two\0"), "two serving");
	assert_int_equal(pool.count, 1);
	assert_int_equal(start(&pool, "/proc/self/exe", WAITING_VARIABLE "=waiter"), 0);
	check_drop(&pool);
}

static void test_pool_leaves_the_connection_free_when_it_cannot(void **state)
{
	static char large[WAITING_LARGEST + 1];
	struct pool pool;

	(void)state;
	pool_init(&pool, 2);
	assert_int_equal(pool_give(&pool, 0, SPAN("A=b\0")), -1);
	fill(&pool, 2);
	assert_int_equal(pool_give(&pool, 0, (struct span){large, sizeof(large)}), -1);
	assert_int_equal(pool_give(&pool, 0, (struct span){large, 0}), -1);
	assert_int_equal(pool.count, 2);
	check_drop(&pool);
}

static void test_pool_waits_for_none_that_is_not_ready(void **state)
{
	struct pool pool;

	(void)state;
	fill(&pool, 1);
	pool.wanted = 2;
	assert_int_equal(start(&pool, "/bin/cat", WAITING_VARIABLE "=cat"), 0);
	check_answer(&pool, SPAN("MARK=one\0"), "one serving");
	assert_int_equal(pool_give(&pool, 0, SPAN("A=b\0")), -1);
	assert_int_equal(pool.count, 1);
	check_drop(&pool);
}

static void test_pool_gives_nothing_to_the_dead(void **state)
{
	struct pool pool;
	pid_t first, second;

	(void)state;
	fill(&pool, 3);
	first = pool.process[0].process;
	second = pool.process[1].process;
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	assert_int_equal(reap(second), SIGKILL);
	assert_int_equal(pool_has_ended(&pool, second, SIGKILL), POOL_ENDED);
	assert_int_equal(pool.count, 2);
	assert_int_equal(reap(first), SIGKILL); /* before the pool is told */
	check_answer(&pool, SPAN("MARK=one\0"), "one serving");
	assert_int_equal(pool_has_ended(&pool, first, SIGKILL), POOL_OTHER);
	assert_true(pool_is_short(&pool));
	check_drop(&pool);
}

static void test_pool_tells_a_program_that_cannot_wait(void **state)
{
	static const struct {
		const char *name, *path, *variable;
		bool must_kill;
		enum pool_end expected;
	} cases[] = {
		{"it waits", "/proc/self/exe", WAITING_VARIABLE "=waiter", true, POOL_ENDED},
		{"it stands behind another", "/proc/self/exe", WAITING_VARIABLE "=rblsmtpd", false,
		 POOL_CANNOT},
		{"it does not know how to", "/bin/true", WAITING_VARIABLE "=true", false,
		 POOL_CANNOT},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		enum pool_end end;
		struct pool pool;
		pid_t process;
		int status;

		pool_init(&pool, 2);
		assert_int_equal(start(&pool, cases[index].path, cases[index].variable), 0);
		assert_false(pool_is_short(&pool)); /* nobody knows yet whether it waits */
		wait_for_newest(&pool);
		process = pool.process[0].process;
		if (cases[index].must_kill)
			kill(process, SIGKILL);
		status = reap(process);
		end = pool_has_ended(&pool, process, status);
		if (end != cases[index].expected)
			fail_msg("%s: %d", cases[index].name, (int)end);
		assert_int_equal(pool.count, 0);
		assert_int_equal(pool_is_short(&pool), end == POOL_ENDED);
	}
}

static void test_pool_does_not_look_again_at_who_cannot_answer(void **state)
{
	struct pool pool;
	pid_t process;

	(void)state;
	pool_init(&pool, 2);
	assert_int_equal(pool_descriptor(&pool), -1);
	assert_int_equal(start(&pool, "/bin/true", WAITING_VARIABLE "=true"), 0);
	process = pool.process[0].process;
	assert_int_not_equal(pool_descriptor(&pool), -1);
	wait_for_newest(&pool);
	pool_hear(&pool);
	assert_int_equal(pool_descriptor(&pool), -1); /* it would be readable for ever */
	assert_int_equal(pool_give(&pool, 0, SPAN("A=b\0")), -1);
	assert_int_equal(pool_has_ended(&pool, process, reap(process)), POOL_CANNOT);
}

static void test_pool_is_whole_when_no_process_can_be_started(void **state)
{
	struct pool pool;

	(void)state;
	pool_init(&pool, 1);
	assert_int_equal(start(&pool, "/nonexistent", WAITING_VARIABLE "=x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pool.count, 0);
	assert_true(pool_is_short(&pool));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool_serves_each_connection_by_a_process_of_its_own),
		cmocka_unit_test(test_pool_leaves_the_connection_free_when_it_cannot),
		cmocka_unit_test(test_pool_waits_for_none_that_is_not_ready),
		cmocka_unit_test(test_pool_gives_nothing_to_the_dead),
		cmocka_unit_test(test_pool_tells_a_program_that_cannot_wait),
		cmocka_unit_test(test_pool_does_not_look_again_at_who_cannot_answer),
		cmocka_unit_test(test_pool_is_whole_when_no_process_can_be_started),
	};

	if (argc == 1 && strcmp(argv[0], "waiter") == 0)
		return serve();
	report_begin("test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
