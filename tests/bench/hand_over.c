/*
 * hand_over: the least that handing messages to a queue program can cost.
 *
 *     hand_over messages bytes program
 *
 * For each message: two pipes, vfork(2), execve(2), the bytes and a small envelope written, and the
 * program waited for.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* In a function of its own, as vfork(2) may change the variables of the one that calls it. */
static pid_t start(char *program, const int message[2], const int envelope[2])
{
	char *argv[] = {program, NULL};
	pid_t child = vfork();

	if (child == 0) {
		dup2(message[0], 0);
		dup2(envelope[0], 1);
		execve(program, argv, environ);
		_exit(111);
	}
	return child;
}

static int hand_over(char *program, const char *bytes, size_t length)
{
	static const char words[] = "Fa@b.example\0Tc@example.org\0";
	int message[2], envelope[2], status = 0, is_whole;
	pid_t child;

	if (pipe2(message, O_CLOEXEC) == -1 || pipe2(envelope, O_CLOEXEC) == -1)
		return 0;
	child = start(program, message, envelope);
	close(message[0]);
	close(envelope[0]);
	is_whole = write(message[1], bytes, length) == (ssize_t)length;
	close(message[1]);
	is_whole = write(envelope[1], words, sizeof(words)) == sizeof(words) && is_whole;
	close(envelope[1]);
	return waitpid(child, &status, 0) == child && status == 0 && is_whole;
}

int main(int argc, char **argv)
{
	unsigned long left = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	size_t length = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	char *bytes = calloc(length ? length : 1, 1);

	if (left == 0 || length > 65536 || !bytes)
		return 100;
	while (left--)
		if (!hand_over(argv[3], bytes, length))
			return 111;
	free(bytes);
	return 0;
}
