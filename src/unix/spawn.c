#include "unix/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unix/deadline.h"
#include "unix/file.h"

const int spawn_ignored[SPAWN_IGNORED] = {SIGPIPE, SIGXFSZ};

#define INTERPRETER_LINE 256 /* bytes of a script's first line that the kernel looks at */
#define WITHOUT_PIDFD	 20  /* milliseconds between two looks at the child */

/* The C library keeps two signals for itself and answers EINVAL when asked about them. A caller may
 * have ignored them all the same, and the kernel hands that on. */
static void set_default(int number)
{
	unsigned long action[8] = {0}; /* more than the kernel's struct; zero is the default */

	if (signal(number, SIG_DFL) == SIG_ERR)
		syscall(SYS_rt_sigaction, number, action, NULL, 8);
}

void spawn_prepare(void)
{
	struct sigaction action;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &action) == -1 || action.sa_handler == SIG_IGN)
			set_default(number);
	file_inherit_none();
}

/* The interpreter of a script is not there. What may be executed but not read is taken as it is. */
static bool lacks_interpreter(int descriptor)
{
	char line[INTERPRETER_LINE + 1];
	ssize_t count = read(descriptor, line, INTERPRETER_LINE);
	char *path = line + 2;

	if (count < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[count] = '\0';
	path += strspn(path, " \t");
	path[strcspn(path, " \t\r\n")] = '\0';
	return *path && access(path, X_OK) == -1;
}

bool spawn_can_run(const char *path)
{
	struct stat status;
	int descriptor;
	bool is_lacking;

	if (access(path, X_OK) == -1 || stat(path, &status) == -1)
		return false;
	if (!S_ISREG(status.st_mode)) {
		errno = EACCES;
		return false;
	}
	descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor == -1)
		return true;
	is_lacking = lacks_interpreter(descriptor);
	close(descriptor);
	errno = ENOENT;
	return !is_lacking;
}

int spawn_find(const char *name, struct text *path)
{
	struct span rest = span_of(getenv("PATH"));
	bool was_denied = false;

	if (strchr(name, '/')) {
		text_add_string(path, name);
		errno = strlen(name) < PATH_MAX ? ENOMEM : ENAMETOOLONG;
		return path->failed ? -1 : 0;
	}
	if (!rest.bytes)
		rest = SPAN("/usr/local/bin:/bin:/usr/bin");
	for (;;) {
		size_t start = path->length, end = span_find(rest, ':');

		if (end + 1 + strlen(name) < PATH_MAX) { /* nothing has a longer path */
			text_add(path, end ? span_head(rest, end) : SPAN("."));
			text_add_byte(path, '/');
			text_add_string(path, name);
			if (path->failed) {
				errno = ENOMEM;
				return -1;
			}
			if (spawn_can_run(path->bytes + start))
				return 0;
			was_denied = was_denied || errno == EACCES;
			text_cut(path, start);
		}
		if (end >= rest.length)
			break;
		rest = span_tail(rest, end + 1);
	}
	errno = was_denied ? EACCES : ENOENT;
	return -1;
}

/* What the child does with its own copies of descriptors and signal dispositions; it borrows the
 * parent's memory until it has executed the program. Returns only when something failed. */
static void become(const char *path, char *const argv[], char *const envp[],
		   const struct spawn_move *moves, size_t count)
{
	sigset_t none;

	/* A log that is gone has sent one meanwhile, which waits for all signals are blocked. To
	 * ignore it takes it away, or it would end the program. */
	for (size_t index = 0; index < SPAWN_IGNORED; index++) {
		signal(spawn_ignored[index], SIG_IGN);
		signal(spawn_ignored[index], SIG_DFL);
	}
	for (size_t index = 0; index < count; index++) {
		const struct spawn_move *move = &moves[index];

		if (move->from == move->to ? fcntl(move->to, F_SETFD, 0) == -1
					   : dup2(move->from, move->to) == -1)
			return;
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(path, argv, envp);
}

static void begin_nothing(void *world)
{
	(void)world;
}

pid_t spawn(const char *path, char *const argv[], char *const envp[],
	    const struct spawn_move *moves, size_t count)
{
	return spawn_with(path, argv, envp, moves, count, begin_nothing, NULL);
}

pid_t spawn_with(const char *path, char *const argv[], char *const envp[],
		 const struct spawn_move *moves, size_t count, void (*begin)(void *world),
		 void *world)
{
	volatile int failure = 0; /* the child writes it: memory is shared until it executes */
	sigset_t all, before;
	pid_t child;

	/* No handler of ours may run in the child while it borrows our memory. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	child = vfork();
	if (child == 0) {
		begin(world);
		become(path, argv, envp, moves, count);
		failure = errno;
		_exit(111);
	}
	if (child == -1)
		failure = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (failure && child != -1)
		while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
			;
	if (!failure)
		return child;
	errno = failure;
	return -1;
}

bool spawn_wait(pid_t child, int64_t moment, int *status)
{
	int process = (int)syscall(SYS_pidfd_open, child, 0), left;
	struct pollfd end = {process, POLLIN, 0};
	pid_t result;

	while ((result = waitpid(child, status, WNOHANG)) == 0 &&
	       (left = deadline_left(moment)) > 0)
		poll(&end, 1, process == -1 && left > WITHOUT_PIDFD ? WITHOUT_PIDFD : left);
	if (process != -1)
		close(process);
	return result != 0;
}

void spawn_kill(pid_t child, int *status)
{
	spawn_wait(child, deadline_in(kill(child, SIGKILL) == 0 ? SPAWN_DEATH : 0), status);
}
