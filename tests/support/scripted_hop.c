#include "support/scripted_hop.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static void expect(int connection, const char *bytes)
{
	for (; *bytes; bytes++) {
		char byte;

		if (recv(connection, &byte, 1, 0) != 1 || byte != *bytes) {
			dprintf(2, "the next hop waited for: %s\n", bytes);
			_exit(1);
		}
	}
}

static _Noreturn void play(int listener, const struct step *steps)
{
	int connection = accept(listener, NULL, NULL);
	char rest[100] = "";
	size_t length = 0;
	ssize_t count;

	for (size_t index = 0; index < MOST_STEPS; index++) {
		if (!steps[index].expects && !steps[index].says)
			break;
		if (steps[index].expects)
			expect(connection, steps[index].expects);
		if (!steps[index].says)
			_exit(0);
		send(connection, steps[index].says, strlen(steps[index].says), MSG_NOSIGNAL);
	}
	while (length < sizeof(rest) - 1 &&
	       (count = recv(connection, rest + length, sizeof(rest) - 1 - length, 0)) > 0)
		length += (size_t)count;
	rest[length] = '\0';
	if (length && strcmp(rest, "QUIT\r\n") != 0)
		dprintf(2, "the next hop was told more: %s\n", rest);
	_exit(length && strcmp(rest, "QUIT\r\n") != 0);
}

pid_t scripted_hop_start(const struct step steps[MOST_STEPS], uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	pid_t hop;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	hop = fork();
	if (hop == 0)
		play(listener, steps);
	close(listener);
	*port = ntohs(address.sin_port);
	return hop;
}

bool scripted_hop_end(pid_t hop)
{
	int status;

	assert_int_equal(waitpid(hop, &status, 0), hop);
	return status == 0;
}
