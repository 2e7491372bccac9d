#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/ask.h"
#include "support/capture.h"
#include "support/check.h"
#include "support/longest.h"
#include "support/monitored.h"
#include "unix/report.h"

/* Send what was put from a child, which then ends, and serve it. */
static bool serve(struct monitored *world)
{
	int ends[2];
	pid_t session;
	bool is_good;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	session = fork();
	if (session == 0) {
		struct span bytes = text_span(&world->bytes);

		for (size_t index = 0; index < bytes.length; index++) /* in the smallest pieces */
			if (write(ends[1], bytes.bytes + index, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	is_good = monitor_serve(&world->monitor, ends[0], -1, session);
	close(ends[0]);
	while (waitpid(session, NULL, 0) == -1 && errno == EINTR)
		;
	return is_good;
}

static void test_monitor_discards_what_the_session_left_open(void **state)
{
	struct capture capture;
	struct monitored world;
	struct text said;

	(void)state;
	monitored_init(&world);
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	monitored_put(&world, REQUEST_BODY, SPAN("x\n"));
	text_cut(&world.bytes, world.bytes.length - 1); /* it dies inside a frame */
	assert_true(serve(&world));
	assert_false(world.fake.is_open);
	assert_int_equal(world.fake.committed, 0);
	monitored_free(&world);

	monitored_init(&world);
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	monitored_put_two(&world, REQUEST_OPEN, "hello", "ESMTP");
	capture = capture_begin();
	assert_false(serve(&world));
	text_init(&said, 1000);
	capture_end(&capture, &said);
	assert_non_null(strstr(text_string(&said), "warning: the session asked for what it must"));
	assert_false(world.fake.is_open);
	text_free(&said);
	monitored_free(&world);
}

static void test_monitor_passes_sigterm_on(void **state)
{
	struct monitored world;
	int ends[2], stop, status;
	sigset_t set;
	pid_t session;

	(void)state;
	monitored_init(&world);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	session = fork();
	if (session == 0)
		for (;;)
			pause();
	close(ends[1]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	stop = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	raise(SIGTERM);
	assert_true(monitor_serve(&world.monitor, ends[0], stop, session));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	assert_int_equal(waitpid(session, &status, 0), session);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	close(stop);
	close(ends[0]);
	monitored_free(&world);
}

/* A session that does not obey is left neither where it keeps silent nor where it always asks. */
static void test_monitor_does_not_serve_for_ever_after_sigterm(void **state)
{
	(void)state;
	longest = 200;
	for (int asks = 0; asks < 2; asks++) {
		struct capture capture;
		struct monitored world;
		int ends[2], stop;
		struct text said;
		sigset_t set;
		pid_t session;

		monitored_init(&world);
		monitored_put(&world, REQUEST_LOGGED, SPAN(""));
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		sigemptyset(&set);
		sigaddset(&set, SIGTERM);
		sigprocmask(SIG_BLOCK, &set, NULL);
		session = fork();
		if (session == 0) {
			char answer[1000];

			close(ends[0]);
			alarm(60);
			while (!asks ||
			       (write(ends[1], world.bytes.bytes, world.bytes.length) > 0 &&
				read(ends[1], answer, sizeof(answer)) > 0))
				if (!asks)
					pause();
			_exit(0);
		}
		close(ends[1]);
		stop = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
		raise(SIGTERM);
		capture = capture_begin();
		assert_false(monitor_serve(&world.monitor, ends[0], stop, session));
		text_init(&said, 1000);
		capture_end(&capture, &said);
		assert_non_null(strstr(text_string(&said), "warning: the session goes on after"));
		text_free(&said);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		close(stop);
		close(ends[0]);
		kill(session, SIGKILL);
		assert_int_equal(waitpid(session, NULL, 0), session);
		monitored_free(&world);
	}
	longest = INT64_MAX;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_monitor_discards_what_the_session_left_open),
		cmocka_unit_test(test_monitor_passes_sigterm_on),
		cmocka_unit_test(test_monitor_does_not_serve_for_ever_after_sigterm),
	};

	report_begin("smtpd");
	return cmocka_run_group_tests_name("monitor_serve", tests, NULL, NULL);
}
