#include "unix/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check.h"

static int inherited; /* a descriptor that is not to be kept */
static int pair[2];   /* kept; a new one for each attempt */

/* What it says of a processor whose calls nobody has written down, and of a kernel without. */
static const char no_sandbox[] = "unable to restrict system calls: Function not implemented";

/* In a child: enter the sandbox, or skip the test, and do it. Returns the status of waitpid(2). */
static int status_of(int (*attempt)(void))
{
	pid_t parent = getpid(), child;
	struct text why;
	int status;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (child == 0) {
		text_init(&why, 1000);
		if (!sandbox_enter(parent, pair, 2, &why))
			_exit(span_equal(text_span(&why), span_of(no_sandbox)) ? 98 : 99);
		_exit(attempt());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	close(pair[0]);
	close(pair[1]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 98) {
		print_message("skipped: test_sandbox: %s\n", no_sandbox);
		skip();
	}
	return status;
}

/* --- what is not to be had: each is a system call that would succeed outside --- */

static int opens(void)
{
	return open("/dev/null", O_RDONLY) == -1;
}
static int opens_raw(void)
{
	return (int)syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY) == -1;
}
static int stats(void)
{
	struct stat status;

	return stat("/", &status);
}
static int unlinks(void)
{
	return unlink("/nowhere/at/all") == -1;
}
static int makes_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1;
}
static int makes_pair(void)
{
	int ends[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}
static int connects(void)
{
	return connect(pair[0], NULL, 0) == -1;
}
static int sends_elsewhere(void)
{
	struct sockaddr address = {.sa_family = AF_UNIX};

	return sendto(pair[0], "x", 1, 0, &address, sizeof(address)) == -1;
}
static int receives_descriptors(void)
{
	struct msghdr message = {.msg_iov = NULL};

	return recvmsg(pair[0], &message, MSG_DONTWAIT) == -1;
}
static int executes(void)
{
	char *arguments[] = {(char *)(uintptr_t) "/bin/true", NULL};

	return execve(arguments[0], arguments, arguments + 1);
}
static int forks(void)
{
	return fork() == -1;
}
static int clones(void)
{
	return syscall(SYS_clone3, NULL, (size_t)0) == -1;
}
static int traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1;
}
static int looks_into(void)
{
	struct iovec none = {NULL, 0};

	return process_vm_readv(getppid(), &none, 1, &none, 1, 0) == -1;
}
static int kills(void)
{
	return kill(getppid(), 0);
}
static int kills_itself(void)
{
	return syscall(SYS_tgkill, getpid(), getpid(), SIGTERM) == -1;
}
static int maps_executable(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}
static int maps_file(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, pair[0], 0) == MAP_FAILED;
}
static int makes_executable(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}
static int copies_descriptor(void)
{
	return fcntl(0, F_DUPFD, 0) == -1;
}
static int changes_user(void)
{
	return setuid(getuid());
}
static int changes_limits(void)
{
	return syscall(SYS_prlimit64, 0, 0, NULL, NULL) == -1;
}
static int asks_prctl(void)
{
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}
static int changes_directory(void)
{
	return chdir("/");
}
#ifdef __x86_64__
/* The numbers of 32-bit programs, by which 5 is open(2) and not fstat(2). */
static int calls_as_another_processor(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid */
	return result < 0;
}
static int calls_as_x32(void)
{
	return syscall(0x40000000 + SYS_read, -1, NULL, (size_t)0) == -1;
}
#endif

static void test_sandbox_kills_for_what_is_not_needed(void **state)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
	} cases[] = {
		{"open", opens},
		{"openat", opens_raw},
		{"stat", stats},
		{"unlink", unlinks},
		{"socket", makes_socket},
		{"socketpair", makes_pair},
		{"connect", connects},
		{"sendto with an address", sends_elsewhere},
		{"recvmsg", receives_descriptors},
		{"execve", executes},
		{"fork", forks},
		{"clone3", clones},
		{"ptrace", traces},
		{"process_vm_readv", looks_into},
		{"kill", kills},
		{"tgkill", kills_itself},
		{"mmap, to execute", maps_executable},
		{"mmap of a file", maps_file},
		{"mprotect", makes_executable},
		{"fcntl, to copy", copies_descriptor},
		{"setuid", changes_user},
		{"prlimit", changes_limits},
		{"prctl", asks_prctl},
		{"chdir", changes_directory},
#ifdef __x86_64__
		{"int 0x80", calls_as_another_processor},
		{"x32", calls_as_x32},
#endif
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int status = status_of(cases[index].attempt);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", cases[index].name, (unsigned)status);
		if (WCOREDUMP(status))
			fail_msg("%s: there is a core dump", cases[index].name);
	}
}

/* --- what a session needs --- */

static int talks(void)
{
	struct pollfd polled = {.fd = pair[1], .events = POLLIN};
	char bytes[10];

	if (send(pair[0], "hello", 5, MSG_NOSIGNAL) != 5 || poll(&polled, 1, 10000) != 1 ||
	    recv(pair[1], bytes, 10, 0) != 5)
		return 1;
	if (write(pair[1], "there", 5) != 5 || read(pair[0], bytes, 10) != 5)
		return 2;
	return shutdown(pair[0], SHUT_WR) == -1 || read(pair[1], bytes, 10) != 0 ? 3 : 0;
}
static int takes_memory(void)
{
	for (size_t size = 1; size < 64 * 1024 * 1024; size *= 3) {
		char *bytes = malloc(size);

		if (!bytes)
			return 1;
		memset(bytes, 1, size);
		bytes = realloc(bytes, size * 2);
		if (!bytes)
			return 2;
		memset(bytes, 1, size * 2);
		free(bytes);
	}
	return 0;
}
static int looks_at_the_clock(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == -1 || time(NULL) < 1000000;
}
static int replaces_the_connection(void)
{
	char byte;

	if (dup2(pair[1], 0) != 0 || dup2(pair[1], 1) != 1 || close(pair[1]) == -1)
		return 1;
	return write(pair[0], "x", 1) != 1 || read(0, &byte, 1) != 1 || fcntl(0, F_GETFD) == -1;
}
static int gets_no_descriptor(void)
{
	/* Allowed calls that would make one fail instead. */
	return dup2(pair[0], 2) != -1 || dup2(pair[0], 100) != -1;
}
static int has_no_others(void)
{
	return fcntl(inherited, F_GETFD) != -1 || fcntl(2, F_GETFD) != -1 ||
	       fcntl(pair[0], F_GETFD) == -1 || fcntl(pair[1], F_GETFD) == -1;
}

static void test_sandbox_lets_a_session_work(void **state)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
	} cases[] = {
		{"talks", talks},
		{"takes memory", takes_memory},
		{"looks at the clock", looks_at_the_clock},
		{"replaces the connection", replaces_the_connection},
		{"gets no descriptor", gets_no_descriptor},
		{"has no others", has_no_others},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int status = status_of(cases[index].attempt);

		if (status)
			fail_msg("%s: status %#x", cases[index].name, (unsigned)status);
	}
}

static void test_sandbox_follows_the_parents_end(void **state)
{
	struct pollfd polled = {.events = POLLIN};
	pid_t middle;
	char byte;
	int ends[2];

	(void)state;
	assert_int_equal(status_of(talks), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	middle = fork();
	if (middle == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			const int kept[] = {ends[1]};
			struct text why;
			sigset_t all;

			sigfillset(&all);
			sigprocmask(SIG_BLOCK, &all, NULL); /* it would rather not end */
			text_init(&why, 1000);
			if (!sandbox_enter(parent, kept, 1, &why) || write(ends[1], "x", 1) != 1)
				_exit(1);
			poll(NULL, 0, 60000); /* until it is told */
			_exit(1);
		}
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 1); /* it is inside */
	}
	close(ends[1]);
	waitpid(middle, NULL, 0);
	polled.fd = ends[0];
	assert_int_equal(poll(&polled, 1, 10000), 1);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* the last writer has gone */
	close(ends[0]);
}

/* From now on this process has no such system call. */
static void forget_call(unsigned number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = LENGTH(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		_exit(10);
}

static void test_sandbox_that_cannot_be_had_says_so(void **state)
{
	pid_t parent = getpid(), child = fork();
	int status;

	(void)state;
	if (child == 0) {
		struct rlimit limit;
		struct text why;

		text_init(&why, 1000);
		forget_call(SYS_seccomp);
		if (sandbox_enter(parent, pair, 2, &why))
			_exit(1);
		/* It is told in a log that may be a file. */
		if (getrlimit(RLIMIT_FSIZE, &limit) == -1 || limit.rlim_cur == 0)
			_exit(2);
		_exit(!span_equal(text_span(&why), span_of(no_sandbox)));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox_kills_for_what_is_not_needed),
		cmocka_unit_test(test_sandbox_lets_a_session_work),
		cmocka_unit_test(test_sandbox_follows_the_parents_end),
		cmocka_unit_test(test_sandbox_that_cannot_be_had_says_so),
	};

	inherited = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (inherited == -1)
		return 1;
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
