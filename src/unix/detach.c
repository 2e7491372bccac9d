#include "unix/detach.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

int detach(void)
{
	pid_t between = fork(), process;
	int status = 0;

	if (between == -1)
		return -1;
	if (between == 0) { /* its end makes the process an orphan */
		process = fork();
		if (process == 0)
			return 1;
		_exit(process == -1 ? errno : 0);
	}
	while (waitpid(between, &status, 0) == -1 && errno == EINTR)
		; /* no status (ECHILD) where SIGCHLD is ignored: the process is there, or will not
		     answer */
	if (status == 0)
		return 0;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
	return -1;
}
