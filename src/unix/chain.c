#include "unix/chain.h"

#include <unistd.h>

#include "unix/report.h"

void chain_exec(char **argv)
{
	execvp(argv[0], argv);
	die_errno(EXIT_TEMPORARY, "unable to run %s", argv[0]);
}
