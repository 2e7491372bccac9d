#include "unix/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unix/confine.h"
#include "unix/file.h"
#include "unix/reason.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

#if defined(__x86_64__)
#define PROCESSOR AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define PROCESSOR AUDIT_ARCH_AARCH64
#endif

#ifdef PROCESSOR

/* The filter is run by the kernel for each system call: numbers are compared one after the other,
 * so those that a session makes most stand first. A processor's word has its low half first. */
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define LOAD_ARGUMENT(index) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (index))
#define LOAD_ARGUMENT_TOP(index) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (index) + 4)
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##action)
#define ALLOW(call)    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), ANSWER(ALLOW)

static const struct sock_filter filter[] = {
	/* Another processor's numbers, as a program of 32 bits can use them, mean other calls. */
	LOAD(arch),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROCESSOR, 1, 0),
	ANSWER(KILL_PROCESS),
	LOAD(nr),
#ifdef SYS_poll
	ALLOW(poll),
#endif
	ALLOW(ppoll),
	ALLOW(read),
	ALLOW(recvfrom),
	ALLOW(write),
	ALLOW(close),
	ALLOW(brk),
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(madvise),
	ALLOW(clock_gettime),
	ALLOW(gettimeofday),
#ifdef SYS_time
	ALLOW(time),
#endif
	ALLOW(getpid),
	ALLOW(getppid),
	ALLOW(getrandom),
	ALLOW(shutdown),
#ifdef SYS_dup2
	ALLOW(dup2),
#endif
	ALLOW(dup3),
	ALLOW(rt_sigreturn),
	ALLOW(restart_syscall),
	ALLOW(exit),
	ALLOW(exit_group),
#ifdef __SANITIZE_ADDRESS__
	ALLOW(sigaltstack), /* the sanitizer's own end */
#endif
	/* sendto: to the peer that the socket has, not to an address. */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 6),
	LOAD_ARGUMENT(4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
	LOAD_ARGUMENT_TOP(4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	ANSWER(ALLOW),
	ANSWER(KILL_PROCESS),
	/* fcntl: is this descriptor open? */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 4),
	LOAD_ARGUMENT(1),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_GETFD, 0, 1),
	ANSWER(ALLOW),
	ANSWER(KILL_PROCESS),
	/* mmap: memory of no file, which nobody executes. */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 6),
	LOAD_ARGUMENT(2),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, ~(unsigned)(PROT_READ | PROT_WRITE), 3, 0),
	LOAD_ARGUMENT(3),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 1),
	ANSWER(ALLOW),
	ANSWER(KILL_PROCESS),
	ANSWER(KILL_PROCESS),
};

static bool restrict_calls(void)
{
	const struct sock_fprog program = {.len = LENGTH(filter),
					   .filter = (struct sock_filter *)(uintptr_t)filter};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

static bool can_restrict_calls(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

#else

static bool can_restrict_calls(void)
{
	errno = ENOSYS; /* nobody has written down this processor's calls */
	return false;
}

static bool restrict_calls(void)
{
	return can_restrict_calls();
}

#endif

static bool limit(void)
{
	const struct rlimit none = {0, 0}, two = {2, 2};
	struct stat output;

	/* Whoever tries a dialogue may have put the replies into a file. */
	if ((fstat(1, &output) == 0 && !S_ISREG(output.st_mode) &&
	     setrlimit(RLIMIT_FSIZE, &none) == -1) ||
	    setrlimit(RLIMIT_NPROC, &none) == -1)
		return false;
	/* It may have descriptors beyond the limit, but get none: even poll(2) takes two at most.
	 */
	return setrlimit(RLIMIT_NOFILE, &two) == 0;
}

static bool refused(const char *what, struct text *why)
{
	reason_add(why, what, NULL);
	return false;
}

bool sandbox_enter(pid_t parent, const int *kept, size_t count, struct text *why)
{
	if (!can_restrict_calls()) /* asked now: with the limits the reason could not be told */
		return refused("restrict system calls", why);
	file_keep_only(kept, count);
	if (!confine(NULL, 0, 0, why))
		return false;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return refused("follow the parent's end", why);
	if (getppid() != parent) /* it has ended before */
		raise(SIGKILL);
	if (!limit())
		return refused("set limits", why);
	if (!restrict_calls())
		return refused("restrict system calls", why);
	close(2);
	return true;
}
