#include "unix/chain.h"

#include <unistd.h>

#include "unix/report.h"
#include "unix/spawn.h"

void chain_exec(char **argv)
{
	execvp(argv[0], argv);
	die_errno(EXIT_TEMPORARY, "unable to run %s", argv[0]);
}

void chain_find(const char *program, struct text *path)
{
	if (spawn_find(program, path) == -1)
		die_errno(EXIT_TEMPORARY, "unable to run %s", program);
}

void chain_exec_found(const struct text *path, char **argv)
{
	execv(text_string(path), argv);
	die_errno(EXIT_TEMPORARY, "unable to run %s", argv[0]);
}
