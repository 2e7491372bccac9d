#include "host/queue_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unix/deadline.h"
#include "unix/file.h"
#include "unix/spawn.h"

#define WITHOUT_PIDFD 20 /* milliseconds between two looks at the child */

extern char **environ;

const struct queue_program_limits queue_program_limits = {
	.stall = 300 * 1000, .answer = 570 * 1000, .end = 5 * 1000};

static void close_one(int *descriptor)
{
	if (*descriptor != -1)
		close(*descriptor);
	*descriptor = -1;
}

void queue_program_init(struct queue_program *program, const struct queue_program_limits *limits)
{
	*program = (struct queue_program){.limits = *limits,
					  .child = -1,
					  .process = -1,
					  .message = -1,
					  .envelope = -1,
					  .unread = -1,
					  .envelope_end = -1,
					  .said = {-1, -1}};
	for (unsigned index = 0; index < 2; index++)
		text_init(&program->texts[index], QUEUE_PROGRAM_TEXT);
}

static int make_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC);
}

/* Let write(2) answer EAGAIN instead of waiting. */
static int do_not_wait(int descriptor)
{
	return fcntl(descriptor, F_SETFL, O_WRONLY | O_NONBLOCK);
}

/* The environment and ERROR_FD=4; only the array is the caller's to free. NULL: no memory. */
static char **make_environment(void)
{
	size_t count = 0, kept = 0;
	char **variables;

	while (environ[count])
		count++;
	variables = calloc(count + 2, sizeof(*variables));
	if (!variables)
		return NULL;
	for (size_t index = 0; index < count; index++)
		if (strncmp(environ[index], "ERROR_FD=", 9) != 0)
			variables[kept++] = environ[index];
	variables[kept] = (char *)(uintptr_t) "ERROR_FD=4";
	return variables;
}

/* Start it with the outer ends of these pipes. Returns 0, or -1 with errno. */
static int start(struct queue_program *program, const char *name, int pipes[4][2])
{
	const struct spawn_move moves[] = {
		{pipes[0][0], 0}, {pipes[1][0], 1}, {pipes[2][1], 6}, {pipes[3][1], 4}};
	char *arguments[] = {(char *)(uintptr_t)name, NULL};
	char **variables = make_environment();
	struct text path;
	int kept;

	text_init(&path, 4096);
	if (variables && spawn_find(name, &path) == 0)
		program->child = spawn(path.bytes, arguments, variables, moves,
				       sizeof(moves) / sizeof(*moves));
	kept = errno;
	free(variables);
	text_free(&path);
	errno = kept;
	return program->child == -1 ? -1 : 0;
}

/* Has the child gone? Then status is as waitpid(2) sets it, or -1 where it could not be waited
 * for. */
static bool is_gone(struct queue_program *program)
{
	pid_t result;

	if (program->child == -1)
		return true;
	do
		result = waitpid(program->child, &program->status, WNOHANG);
	while (result == -1 && errno == EINTR);
	if (result == 0)
		return false;
	if (result == -1)
		program->status = -1;
	program->child = -1;
	close_one(&program->process);
	return true;
}

/* Keep the beginning of what the program says, and read the rest away so that it does not wait. */
static void listen_to(struct queue_program *program, unsigned index)
{
	struct text *text = &program->texts[index];
	char bytes[4096];
	ssize_t count = file_read(program->said[index], bytes, sizeof(bytes));

	if (count > 0)
		text_add(text, span_head((struct span){bytes, (size_t)count},
					 text->maximum - text->length));
	else if (count == 0 || errno != EAGAIN)
		close_one(&program->said[index]);
}

/* From now on its end can be waited for, where the system can tell. */
static void watch_end(struct queue_program *program)
{
	if (program->process == -1 && program->child != -1)
		program->process = (int)syscall(SYS_pidfd_open, program->child, 0);
}

/* Wait until a moment for a descriptor, hearing what the program says meanwhile. Also ends when the
 * program does. A descriptor of -1 is never ready. Most programs close their ends of the pipes by
 * ending, and soon: only one that does not is watched. */
static void wait_for(struct queue_program *program, int descriptor, uint64_t until)
{
	struct pollfd polled[4] = {{.fd = descriptor, .events = POLLOUT}};
	uint64_t time = deadline_now(), left = until > time ? until - time : 0;

	if (program->said[0] == -1 && program->said[1] == -1)
		watch_end(program);
	polled[1] = (struct pollfd){.fd = program->process, .events = POLLIN};
	for (unsigned index = 0; index < 2; index++)
		polled[2 + index] = (struct pollfd){.fd = program->said[index], .events = POLLIN};
	if (program->process == -1 && left > WITHOUT_PIDFD)
		left = WITHOUT_PIDFD;
	if (poll(polled, 4, (int)left) == 0)
		watch_end(program);
	for (unsigned index = 0; index < 2; index++)
		if (polled[2 + index].revents)
			listen_to(program, index);
}

/* Wait for the child until a moment. True when it has gone. */
static bool wait_for_end(struct queue_program *program, uint64_t until)
{
	while (!is_gone(program)) {
		if (deadline_now() >= until)
			return false;
		wait_for(program, -1, until);
	}
	return true;
}

/* End the child, at once, or let it be where it cannot be ended. */
static void kill_child(struct queue_program *program)
{
	program->status = -1; /* unless it is told otherwise */
	spawn_kill(program->child, &program->status);
	program->child = -1;
	close_one(&program->process);
}

/* Which of the two pipes becomes the program's descriptor 6 and which its 4 is all the same, so
 * they change places where the move to 6 would replace what the move to 4 needs. */
static void sort_moves(int pipes[4][2])
{
	int read_end = pipes[2][0], write_end = pipes[2][1];

	if (pipes[3][1] != 6)
		return;
	memcpy(pipes[2], pipes[3], sizeof(pipes[2]));
	pipes[3][0] = read_end;
	pipes[3][1] = write_end;
}

int queue_program_open(struct queue_program *program, const char *name)
{
	int pipes[4][2] = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	int kept, result = -1;

	/* One that was abandoned has had its end of file; it gets a moment to notice. */
	if (!wait_for_end(program, deadline_now() + program->limits.end))
		kill_child(program);
	if (!program->block)
		program->block = malloc(QUEUE_PROGRAM_BLOCK);
	if (program->block && make_pipe(pipes[0]) == 0 && make_pipe(pipes[1]) == 0 &&
	    make_pipe(pipes[2]) == 0 && make_pipe(pipes[3]) == 0 && do_not_wait(pipes[0][1]) == 0 &&
	    do_not_wait(pipes[1][1]) == 0) {
		sort_moves(pipes);
		result = start(program, name, pipes);
	}
	kept = errno;
	close_one(&pipes[2][1]);
	close_one(&pipes[3][1]);
	program->message = pipes[0][1];
	program->envelope = pipes[1][1];
	program->unread = pipes[0][0];
	program->envelope_end = pipes[1][0];
	program->said[0] = pipes[2][0];
	program->said[1] = pipes[3][0];
	program->was_fed = result == 0;
	program->was_late = false;
	program->block_length = 0;
	text_clear(&program->texts[0]);
	text_clear(&program->texts[1]);
	if (result == -1)
		queue_program_abandon(program);
	errno = kept;
	return result;
}

/* Write all to one of the program's pipes; was_fed remembers trouble. */
static void feed(struct queue_program *program, int descriptor, struct span bytes)
{
	uint64_t until = 0;

	while (bytes.length && program->was_fed) {
		ssize_t count = write(descriptor, bytes.bytes, bytes.length);

		if (count > 0) {
			bytes = span_tail(bytes, (size_t)count);
			until = 0;
		} else if (count == -1 && errno == EAGAIN) {
			/* A program that closes it shall be noticed. */
			if (descriptor == program->message)
				close_one(&program->unread);
			if (until == 0)
				until = deadline_now() + program->limits.stall;
			program->was_late = deadline_now() >= until;
			if (program->was_late || is_gone(program))
				program->was_fed = false;
			else
				wait_for(program, descriptor, until);
		} else if (errno != EINTR) {
			program->was_fed = false;
		}
	}
}

void queue_program_write(struct queue_program *program, struct span bytes)
{
	while (bytes.length && program->was_fed) {
		struct span part = span_head(bytes, QUEUE_PROGRAM_BLOCK - program->block_length);

		memcpy(program->block + program->block_length, part.bytes, part.length);
		program->block_length += part.length;
		bytes = span_tail(bytes, part.length);
		if (program->block_length == QUEUE_PROGRAM_BLOCK) {
			feed(program, program->message,
			     (struct span){program->block, program->block_length});
			program->block_length = 0;
		}
	}
}

/* Wait for the child's end, whatever it takes. */
static void wait_for_answer(struct queue_program *program)
{
	if (!program->was_late && wait_for_end(program, deadline_now() + program->limits.answer))
		return;
	if (is_gone(program))
		return;
	program->was_late = true;
	kill(program->child, SIGTERM);
	if (!wait_for_end(program, deadline_now() + program->limits.end))
		kill_child(program);
}

static void close_pipes(struct queue_program *program)
{
	close_one(&program->message);
	close_one(&program->envelope);
	close_one(&program->unread);
	close_one(&program->envelope_end);
	close_one(&program->said[0]);
	close_one(&program->said[1]);
}

struct queue_result queue_program_close(struct queue_program *program, struct span envelope)
{
	struct queue_result result = {.code = QUEUE_TIMEOUT};

	feed(program, program->message, (struct span){program->block, program->block_length});
	close_one(&program->message);
	feed(program, program->envelope, envelope);
	close_one(&program->envelope);
	wait_for_answer(program);
	/* What it said before it ended is in the pipes; whoever still holds them may say more. */
	if (program->said[0] != -1 || program->said[1] != -1)
		wait_for(program, -1, 0);
	/* Where that may not be asked, a program that says that it has taken all is believed. */
	if (program->unread != -1 && file_unread(program->unread) > 0)
		program->was_fed = false;
	close_pipes(program);

	result.was_fed = program->was_fed;
	result.has_exited = program->status != -1 && WIFEXITED(program->status);
	if (result.has_exited)
		result.code = WEXITSTATUS(program->status);
	else if (program->was_late) /* our own signal is no crash of its */
		result.has_exited = true;
	result.text = text_span(&program->texts[program->texts[0].length == 0]);
	return result;
}

void queue_program_abandon(struct queue_program *program)
{
	close_pipes(program);
	is_gone(program);
}

void queue_program_free(struct queue_program *program)
{
	queue_program_abandon(program);
	free(program->block);
	program->block = NULL;
	text_free(&program->texts[0]);
	text_free(&program->texts[1]);
}
