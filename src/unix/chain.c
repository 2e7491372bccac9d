#include "unix/chain.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unix/report.h"
#include "unix/spawn.h"

#define LONGEST_PATH 4096
#define SHELL	     "/bin/sh"

static void handle_signals(void (*handler)(int number))
{
	signal(SIGPIPE, handler);
	signal(SIGXFSZ, handler);
}

void chain_ignore_signals(void)
{
	handle_signals(SIG_IGN);
}

/* What has no #! is the shell's, as for execvp(3); the execvp of musl does not see to that. */
static void exec_by_shell(const char *path, char **argv)
{
	size_t count = 0;
	char **words;

	while (argv[count])
		count++;
	words = malloc((count + 2) * sizeof(*words)); /* argv[0] gives way to two */
	if (!words)
		return;
	words[0] = (char *)(uintptr_t)SHELL;
	words[1] = (char *)(uintptr_t)path;
	memcpy(words + 2, argv + 1, count * sizeof(*words)); /* and the NULL */
	execv(SHELL, words);
	free(words);
}

void chain_exec_found(const struct text *path, char **argv)
{
	handle_signals(SIG_DFL);
	execv(text_string(path), argv);
	if (errno == ENOEXEC)
		exec_by_shell(text_string(path), argv);
	handle_signals(SIG_IGN); /* keeps errno */
}

void chain_exec(char **argv)
{
	struct text path;

	text_init(&path, LONGEST_PATH);
	if (spawn_find(argv[0], &path) == 0)
		chain_exec_found(&path, argv);
	die_errno(EXIT_TEMPORARY, "unable to run %s", argv[0]);
}
