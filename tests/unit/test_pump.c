#include "unix/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "support/longest.h"
#include "unix/file.h"

#define MUCH (1024 * 1024) /* bytes: more than all the buffers on the way */

#define HURRY 500 /* milliseconds */

/* A pump in a process of its own, and what the others hold: the client its end of a connection, the
 * program its ends of two pipes. */
struct scene {
	int client, program_in, program_out;
	pid_t pump;
	int network; /* the pump's own end of the client's connection */
};

static void connect_pair(int ends[2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&address, length), 0);
	ends[1] = accept(listener, NULL, NULL);
	assert_true(ends[1] >= 0);
	close(listener);
}

/* program: a descriptor that tells the end of the program. */
static void begin_with(struct scene *scene, int program)
{
	static const enum crlf_change mend = CRLF_MEND;
	int ends[2], input[2], output[2];

	signal(SIGPIPE, SIG_IGN);
	connect_pair(ends);
	assert_int_equal(pipe(input), 0);
	assert_int_equal(pipe(output), 0);
	scene->client = ends[0];
	scene->program_in = input[0];
	scene->program_out = output[1];
	scene->pump = fork();
	if (scene->pump == 0) {
		struct pump_way forth = {.from = ends[1], .to = input[1], .change = &mend};
		struct pump_way back = {.from = output[0], .to = ends[1], .change = &mend};

		close(ends[0]);
		close(input[0]);
		close(output[1]);
		alarm(60);
		pump_serve(&forth, &back, program);
		_exit(0);
	}
	scene->network = ends[1];
	close(input[1]);
	close(output[0]);
}

static void begin(struct scene *scene)
{
	begin_with(scene, -1);
	close(scene->network);
}

/* The pump ends by itself, as it should. */
static void end(struct scene *scene)
{
	int status = -1;

	assert_int_equal(waitpid(scene->pump, &status, 0), scene->pump);
	assert_int_equal(status, 0);
}

static void put(int descriptor, const char *string)
{
	assert_int_equal(file_write(descriptor, span_of(string)), 0);
}

/* Read just these bytes, and, if that is wanted, the end behind them. */
static void expect(const char *name, int descriptor, const char *string, bool is_end)
{
	char bytes[256];
	size_t length = 0, wanted = strlen(string);
	ssize_t count = 0;

	while (length < wanted && (count = read(descriptor, bytes + length, wanted - length)) > 0)
		length += (size_t)count;
	CHECK_SPAN(name, ((struct span){bytes, length}), string);
	if (is_end && read(descriptor, bytes, 1) != 0)
		fail_msg("%s: no end, errno %d", name, errno);
}

static void test_pump_carries_both_ways_to_their_ends(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	put(scene.client, "a\nb\r\n");
	expect("forth", scene.program_in, "a\r\nb\r\n", false);
	put(scene.program_out, "c\nd");
	expect("back", scene.client, "c\r\nd", false);
	shutdown(scene.client, SHUT_WR);
	expect("the client's end", scene.program_in, "", true);
	put(scene.program_out, "e\n");
	close(scene.program_out);
	close(scene.program_in);
	expect("the program's end", scene.client, "e\r\n", true);
	end(&scene);
	close(scene.client);
}

static void test_pump_ways_do_not_wait_for_each_other(void **state)
{
	static char bytes[4096];
	size_t stuffed = 0, came = 0;
	struct scene scene;
	ssize_t count;

	(void)state;
	begin(&scene);
	memset(bytes, 'x', sizeof(bytes));
	fcntl(scene.program_out, F_SETFL, O_NONBLOCK);
	/* As much as goes in while the client does not read, whatever the system's buffers are. */
	for (int tries = 0; tries < 50; tries++) {
		while ((count = write(scene.program_out, bytes, sizeof(bytes))) > 0)
			stuffed += (size_t)count;
		usleep(2000);
	}
	put(scene.client, "stop\n");
	expect("a word against the stream", scene.program_in, "stop\r\n", false);
	close(scene.program_out);
	close(scene.program_in);
	shutdown(scene.client, SHUT_WR);
	while ((count = read(scene.client, bytes, sizeof(bytes))) > 0)
		came += (size_t)count;
	assert_int_equal(came, stuffed);
	end(&scene);
	close(scene.client);
}

static void test_pump_goes_on_when_the_program_does_not_read(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	close(scene.program_in);
	put(scene.client, "nobody reads this\n");
	put(scene.program_out, "still here\n");
	expect("the way back", scene.client, "still here\r\n", false);
	close(scene.program_out);
	shutdown(scene.client, SHUT_WR);
	expect("the end", scene.client, "", true);
	end(&scene);
	close(scene.client);
}

static void test_pump_goes_on_when_the_program_does_not_write(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	close(scene.program_out);
	put(scene.client, "a long letter\n");
	expect("the way forth", scene.program_in, "a long letter\r\n", false);
	close(scene.program_in);
	expect("the end", scene.client, "", true);
	end(&scene);
	close(scene.client);
}

static void test_pump_tells_the_program_that_the_client_is_gone(void **state)
{
	struct linger reset = {1, 0};
	struct scene scene;

	(void)state;
	begin(&scene);
	setsockopt(scene.client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(scene.client);
	expect("no more input", scene.program_in, "", true);
	end(&scene);
	assert_int_equal(file_write(scene.program_out, SPAN("hello\n")), -1);
	assert_int_equal(errno, EPIPE);
	close(scene.program_in);
	close(scene.program_out);
}

/* A client in the middle of a message still hears why it is refused. */
static void test_pump_last_words_reach_a_client_who_talks(void **state)
{
	static char bytes[MUCH];
	struct scene scene;
	pid_t talker;

	(void)state;
	begin(&scene);
	memset(bytes, 'x', sizeof(bytes));
	talker = fork();
	if (talker == 0) {
		file_write(scene.client, (struct span){bytes, sizeof(bytes)});
		_exit(0);
	}
	assert_int_equal(read(scene.program_in, bytes, 1), 1);
	put(scene.program_out, "451 no\n");
	close(scene.program_out);
	close(scene.program_in);
	waitpid(talker, NULL, 0);
	shutdown(scene.client, SHUT_WR);
	expect("last words", scene.client, "451 no\r\n", true);
	end(&scene);
	close(scene.client);
}

/* What the program has said is more than there is room for on the way, and nobody reads it. */
static void test_pump_leaves_a_client_that_does_not_read(void **state)
{
	static char bytes[4096];
	struct scene scene;
	int quiet = 0;

	(void)state;
	longest = HURRY;
	begin(&scene);
	longest = INT64_MAX;
	memset(bytes, 'x', sizeof(bytes));
	fcntl(scene.program_out, F_SETFL, O_NONBLOCK);
	while (quiet < 2) { /* nothing moves any more */
		struct pollfd polled = {.fd = scene.program_out, .events = POLLOUT};

		if (write(scene.program_out, bytes, sizeof(bytes)) == -1)
			quiet = poll(&polled, 1, 200) == 0 ? quiet + 1 : 0;
	}
	assert_int_equal(waitpid(scene.pump, NULL, WNOHANG), 0); /* the program keeps the time */
	close(scene.program_out);
	close(scene.program_in);
	end(&scene);
	close(scene.client);
}

/* As when the connection is under TLS from then on: what comes is somebody else's. */
static void test_pump_leaves_the_client_of_a_program_that_lives_on(void **state)
{
	int program = (int)syscall(SYS_pidfd_open, getpid(), 0);
	struct scene scene;

	(void)state;
	begin_with(&scene, program);
	close(scene.program_in);
	put(scene.program_out, "ready\n");
	expect("the last words", scene.client, "ready\r\n", false);
	put(scene.client, "hello\n");
	close(scene.program_out);
	end(&scene);
	expect("what the client says then", scene.network, "hello\n", false);
	put(scene.network, "welcome\n");
	expect("and hears", scene.client, "welcome\n", false);
	close(scene.network);
	close(scene.client);
	close(program);
}

/* This process's own descriptors 0 and 1 become the pipes, in a child of the test. */
static void test_pump_inserts_a_process(void **state)
{
	int input[2], output[2], other[2], program, status;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(input), 0);
	assert_int_equal(pipe(output), 0);
	assert_int_equal(pipe(other), 0);
	child = fork();
	if (child == 0) {
		struct pump_way forth = {.from = 0}, back = {.to = 1};
		char line[16];
		ssize_t count;

		dup2(input[0], 0);
		dup2(output[1], 1);
		close(input[0]);
		close(input[1]);
		close(output[0]);
		close(output[1]);
		switch (pump_insert(&forth.to, &back.from, &program)) {
		case -1: _exit(1);
		case 1: pump_serve(&forth, &back, program); _exit(0);
		}
		count = read(0, line, sizeof(line));
		if (count != 6 || waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
			_exit(2);
		_exit(write(1, line, 6) == 6 ? 0 : 3);
	}
	close(input[0]);
	close(output[1]);
	put(input[1], "hello\n");
	expect("through both", output[0], "hello\n", true);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	close(other[1]);
	expect("the new process holds nothing else", other[0], "", true);
	close(input[1]);
	close(output[0]);
	close(other[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pump_carries_both_ways_to_their_ends),
		cmocka_unit_test(test_pump_ways_do_not_wait_for_each_other),
		cmocka_unit_test(test_pump_goes_on_when_the_program_does_not_read),
		cmocka_unit_test(test_pump_goes_on_when_the_program_does_not_write),
		cmocka_unit_test(test_pump_tells_the_program_that_the_client_is_gone),
		cmocka_unit_test(test_pump_last_words_reach_a_client_who_talks),
		cmocka_unit_test(test_pump_leaves_a_client_that_does_not_read),
		cmocka_unit_test(test_pump_leaves_the_client_of_a_program_that_lives_on),
		cmocka_unit_test(test_pump_inserts_a_process),
	};

	return cmocka_run_group_tests_name("pump", tests, NULL, NULL);
}
