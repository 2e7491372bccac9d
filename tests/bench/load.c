/*
 * load: connect as fast as a server takes it, and say how fast that was.
 *
 *     load [-g] [-p pause] [-a at-once] [-n connections] [-w warm-up] address port
 *
 * Each connection waits until the other end closes, or with -g for its greeting, one line. With -p
 * so many milliseconds pass when all have ended, before the next ones begin. Writes one line:
 * connections a second, and the microseconds that 50, 90 and 99 of a hundred took at most. The
 * warm-up is not counted. A client that is reset counts as served; one that cannot connect ends the
 * program with 111.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct run {
	struct sockaddr_in server;
	int epoll;
	size_t total, started, ended;
	int wants_greeting;
	unsigned pause;	 /* microseconds */
	int64_t *begun;	 /* nanoseconds, by descriptor */
	int64_t *lasted; /* nanoseconds, by order of ending */
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(111);
}

/* A reset at the end leaves no connection behind that would keep its port busy for a minute. */
static void start(struct run *run)
{
	struct linger reset = {1, 0};
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (client == -1)
		fail("socket");
	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	run->begun[client] = now();
	if (connect(client, (struct sockaddr *)&run->server, sizeof(run->server)) == -1 &&
	    errno != EINPROGRESS)
		fail("connect");
	event.data.fd = client;
	if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, client, &event) == -1)
		fail("epoll_ctl");
	run->started++;
}

static void go_on(struct run *run, int client)
{
	char bytes[4096];
	ssize_t count;

	while ((count = read(client, bytes, sizeof(bytes))) > 0)
		if (run->wants_greeting && memchr(bytes, '\n', (size_t)count))
			break;
	if (count == -1 && errno == EAGAIN)
		return;
	if (count == -1 && errno != ECONNRESET)
		fail("read");
	run->lasted[run->ended++] = now() - run->begun[client];
	close(client);
}

static void drive(struct run *run, size_t total, size_t at_once)
{
	struct epoll_event events[256];

	run->total = total;
	run->started = run->ended = 0;
	while (run->ended < run->total) {
		int count;

		if (run->pause && run->started == run->ended)
			usleep(run->pause);
		while (run->started < run->total && run->started - run->ended < at_once)
			start(run);
		count = epoll_wait(run->epoll, events, 256, 60000);
		if (count == 0) {
			fprintf(stderr, "load: no answer in a minute\n");
			exit(111);
		}
		for (int index = 0; index < count; index++)
			go_on(run, events[index].data.fd);
	}
}

static int compare(const void *left, const void *right)
{
	int64_t difference = *(const int64_t *)left - *(const int64_t *)right;

	return difference < 0 ? -1 : difference > 0;
}

static long percentile(const struct run *run, size_t percent)
{
	return (long)(run->lasted[(run->total - 1) * percent / 100] / 1000);
}

int main(int argc, char **argv)
{
	struct run run = {.server = {.sin_family = AF_INET}, .epoll = epoll_create1(0)};
	size_t at_once = 1, total = 1000, warm_up = 100;
	int64_t began, took;
	int letter;

	while ((letter = getopt(argc, argv, "a:gn:p:w:")) != -1) {
		switch (letter) {
		case 'a': at_once = strtoul(optarg, NULL, 10); break;
		case 'g': run.wants_greeting = 1; break;
		case 'n': total = strtoul(optarg, NULL, 10); break;
		case 'p': run.pause = (unsigned)strtoul(optarg, NULL, 10) * 1000; break;
		case 'w': warm_up = strtoul(optarg, NULL, 10); break;
		default: return 100;
		}
	}
	if (argc - optind != 2 || total == 0 ||
	    inet_pton(AF_INET, argv[optind], &run.server.sin_addr) != 1)
		return 100;
	run.server.sin_port = htons((uint16_t)strtoul(argv[optind + 1], NULL, 10));
	run.begun = calloc(at_once + 1024, sizeof(*run.begun));
	run.lasted = calloc(total > warm_up ? total : warm_up, sizeof(*run.lasted));
	if (!run.begun || !run.lasted)
		fail("memory");
	drive(&run, warm_up, at_once);
	began = now();
	drive(&run, total, at_once);
	took = now() - began;
	qsort(run.lasted, run.total, sizeof(*run.lasted), compare);
	printf("%.0f %ld %ld %ld\n", (double)total * 1e9 / (double)took, percentile(&run, 50),
	       percentile(&run, 90), percentile(&run, 99));
	free(run.begun);
	free(run.lasted);
	return 0;
}
