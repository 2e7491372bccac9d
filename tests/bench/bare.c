/*
 * bare: the least that a server has to do with a connection, one thing after the other.
 *
 *     bare close
 *     bare program [argument ...]
 *
 * Listens on a free port of 127.0.0.1 and prints it. The first form closes each connection. The
 * second starts the program for each, with vfork(2), the connection as descriptors 0 and 1.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* In a function of its own, as vfork(2) may change the variables of the one that calls it. */
static void start(int connection, char **argv)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (vfork() == 0) {
		dup2(connection, 0);
		dup2(connection, 1);
		execve(argv[0], argv, environ);
		_exit(111);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int must_close = argc == 2 && strcmp(argv[1], "close") == 0;

	if (argc < 2)
		return 100;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, length) == -1 ||
	    listen(listener, 1000) == -1 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) == -1)
		return 111;
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (connection == -1)
			continue;
		if (!must_close)
			start(connection, argv + 1);
		close(connection);
	}
}
