/*
 * What a session would do that somebody else has got hold of: linked into an smtpd for the tests
 * (see the Makefile). Bytes that begin with TAKE and one of these words are not for the session:
 *
 * - file: make the file ./taken
 * - read: read control/rcpthosts
 * - socket: make a socket
 * - exec: execute a shell, which makes ./taken
 * - fork, kill: fork; signal its parent
 * - relay: queue a message for somebody elsewhere, by the host
 * - large: the same, of more than 4096 bytes and for somebody here
 * - commit: commit what is open, for somebody elsewhere
 * - garbage: write nonsense to all descriptors that there are but the connection
 * - crash: use memory that is not there
 * - leave: end as if all were well
 * - stay: do nothing any more
 * - hide: the same, without the monitor
 *
 * What could be done is said to the client: "done". With NO_SANDBOX in the environment the sandbox
 * is one that this system does not have.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "smtp/state.h"
#include "unix/sandbox.h"

enum smtp_step __wrap_smtp_session_feed(struct smtp_session *session, struct span bytes);
enum smtp_step __real_smtp_session_feed(struct smtp_session *session, struct span bytes);
bool __wrap_sandbox_enter(pid_t parent, const int *kept, size_t count, struct text *why);
bool __real_sandbox_enter(pid_t parent, const int *kept, size_t count, struct text *why);

bool __wrap_sandbox_enter(pid_t parent, const int *kept, size_t count, struct text *why)
{
	if (!getenv("NO_SANDBOX"))
		return __real_sandbox_enter(parent, kept, count, why);
	text_add_string(why, "unable to restrict system calls: Function not implemented");
	return false;
}

static bool queue(const struct smtp_host *host, size_t size, struct span envelope)
{
	static char body[4096];
	struct smtp_answer answer = {.enhanced_code = ""};
	enum verdict verdict;

	text_init(&answer.text, 1000);
	if (host->open(host->world, SPAN("x"), SPAN("SMTP")) != VERDICT_YES)
		return false;
	host->body(host->world, SPAN("Subject: relayed\n\n"));
	host->body(host->world, (struct span){memset(body, 'x', size), size});
	verdict = host->commit(host->world, envelope, &answer);
	text_free(&answer.text);
	return verdict == VERDICT_YES;
}

static bool commit(const struct smtp_host *host)
{
	struct smtp_answer answer = {.enhanced_code = ""};

	text_init(&answer.text, 1000);
	return host->commit(host->world, SPAN("Fa@b\0Tvictim@elsewhere.example\0\0"), &answer) ==
	       VERDICT_YES;
}

static bool write_garbage(void)
{
	for (int descriptor = 3; descriptor < 20; descriptor++)
		if (write(descriptor, "\xff\xff\xff\xff\xff\xff\xff\xff", 8) == -1)
			continue;
	return true;
}

static bool execute(void)
{
	char *arguments[] = {(char *)(uintptr_t) "/bin/sh", (char *)(uintptr_t) "-c",
			     (char *)(uintptr_t) ">taken; echo done >&1", NULL};

	execv(arguments[0], arguments);
	return false;
}

static bool use_no_memory(void)
{
	volatile char *volatile nothing = NULL;

	return *nothing;
}

static _Noreturn void stay(void)
{
	for (;;)
		poll(NULL, 0, -1);
}

static _Noreturn void hide(void)
{
	for (int descriptor = 3; descriptor < 20; descriptor++)
		close(descriptor);
	stay();
}

static bool fork_off(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child != -1;
}

static bool take(const struct smtp_host *host, struct span what)
{
	if (span_starts(what, SPAN("file")))
		return open("taken", O_WRONLY | O_CREAT, 0600) != -1;
	if (span_starts(what, SPAN("read")))
		return open("control/rcpthosts", O_RDONLY) != -1;
	if (span_starts(what, SPAN("socket")))
		return socket(AF_INET, SOCK_STREAM, 0) != -1;
	if (span_starts(what, SPAN("exec")))
		return execute();
	if (span_starts(what, SPAN("fork")))
		return fork_off();
	if (span_starts(what, SPAN("kill")))
		return kill(getppid(), 0) == 0;
	if (span_starts(what, SPAN("relay")))
		return queue(host, 1, SPAN("Fa@b\0Tvictim@elsewhere.example\0\0"));
	if (span_starts(what, SPAN("large")))
		return queue(host, 4096, SPAN("Fa@b\0Tbob@example.org\0\0"));
	if (span_starts(what, SPAN("commit")))
		return commit(host);
	if (span_starts(what, SPAN("garbage")))
		return write_garbage();
	if (span_starts(what, SPAN("crash")))
		return use_no_memory();
	if (span_starts(what, SPAN("stay")))
		stay();
	if (span_starts(what, SPAN("hide")))
		hide();
	_exit(0);
}

enum smtp_step __wrap_smtp_session_feed(struct smtp_session *session, struct span bytes)
{
	if (!span_starts(bytes, SPAN("TAKE ")))
		return __real_smtp_session_feed(session, bytes);
	if (take(session->host, span_tail(bytes, 5)))
		session->host->reply(session->host->world, SPAN("done\r\n"));
	return SMTP_MORE;
}
