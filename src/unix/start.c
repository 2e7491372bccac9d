#include "unix/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unix/report.h"

#define BETWEEN_LOOKS 1 /* seconds; a parent that is killed takes the waiting child along */

int start_init(struct start *start)
{
	*start = (struct start){.stack = aligned_alloc(16, START_STACK)};
	return start->stack ? 0 : -1;
}

void start_free(struct start *start)
{
	start_wait(start);
	free(start->stack);
	start->stack = NULL;
}

bool start_is_over(const struct start *start)
{
	return atomic_load(&start->borrow) == 0;
}

int start_failure(const struct start *start)
{
	return atomic_load(&start->failure);
}

void start_wait(struct start *start)
{
	while (!start_is_over(start))
		syscall(SYS_futex, &start->borrow, FUTEX_WAIT, 1, NULL, NULL, 0);
}

/* --- where this process waits --- */

struct saying {
	struct start *start;
	void (*say)(void *world, pid_t process);
	void *world;
};

static void tell(const struct saying *saying)
{
	if (saying->say)
		saying->say(saying->world, saying->start->process);
}

static void begin_child(void *world)
{
	struct saying *saying = world;

	saying->start->process = getpid();
	/* syslog(3) may open a socket again here, and take the number for the parent's. */
	if (!report_uses_syslog())
		tell(saying);
}

static pid_t begin_waiting(struct start *start, struct saying *saying)
{
	pid_t process = spawn_with(start->path, start->argv, start->envp, start->moves,
				   start->count, begin_child, saying);
	int number = errno;

	if (start->process && report_uses_syslog())
		tell(saying);
	errno = number;
	return process;
}

#if defined(__x86_64__) && !defined(__ILP32__) && !defined(START_WAITS)

/* --- where it does not --- */

/* What runs in the child shares all memory with this process while that goes on: so it calls
 * nothing of the C library, which would change errno, and no sanitizer may look at its stack. */
#define IN_CHILD __attribute__((no_sanitize("address", "undefined")))

static inline __attribute__((always_inline)) IN_CHILD long
call(long number, uintptr_t first, uintptr_t second, uintptr_t third, uintptr_t fourth)
{
	register uintptr_t fourth_register __asm__("r10") = fourth;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second), "d"(third), "r"(fourth_register)
			 : "rcx", "r11", "memory");
	return result;
}

/* False when the parent has gone. A child left behind would hold its listeners open. */
static IN_CHILD bool wait_for_parent(struct start *start)
{
	const struct timespec longest = {.tv_sec = BETWEEN_LOOKS};

	if (atomic_load(&start->may_go))
		return true;
	call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);
	while (!atomic_load(&start->may_go) && call(SYS_getppid, 0, 0, 0, 0) == start->parent)
		call(SYS_futex, (uintptr_t)&start->may_go, FUTEX_WAIT, 0, (uintptr_t)&longest);
	call(SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0);
	return atomic_load(&start->may_go);
}

static IN_CHILD void be_child(struct start *start)
{
	static const uint64_t by_default[4]; /* the kernel's struct sigaction */
	uint64_t none = 0;
	long result = wait_for_parent(start) ? 0 : -ECANCELED;

	for (size_t index = 0; index < SPAWN_IGNORED; index++)
		call(SYS_rt_sigaction, (uintptr_t)spawn_ignored[index], (uintptr_t)by_default, 0,
		     sizeof(none));
	for (size_t index = 0; index < start->count && result >= 0; index++) {
		uintptr_t from = (uintptr_t)start->moves[index].from,
			  to = (uintptr_t)start->moves[index].to;

		result = from == to ? call(SYS_fcntl, to, F_SETFD, 0, 0)
				    : call(SYS_dup2, from, to, 0, 0);
	}
	if (result >= 0) {
		call(SYS_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&none, 0, sizeof(none));
		result = call(SYS_execve, (uintptr_t)start->path, (uintptr_t)start->argv,
			      (uintptr_t)start->envp, 0);
	}
	atomic_store(&start->failure, (int)-result);
	call(SYS_exit_group, 111, 0, 0, 0);
}

/* clone(2) with a stack of its own for the child, which runs be_child. Returns what it does. */
static long clone_child(struct start *start)
{
	char *top = start->stack + START_STACK;
	register _Atomic int *cleared __asm__("r10") = &start->borrow;
	register long no_storage __asm__("r8") = 0;
	register struct start *own __asm__("r12") = start;
	register void (*function)(struct start *) __asm__("r13") = be_child;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call *%%r13\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"((long)SYS_clone), "D"(CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD),
			   "S"(top), "d"(NULL), "r"(cleared), "r"(no_storage), "r"(own),
			   "r"(function)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

static pid_t begin(struct start *start, struct saying *saying)
{
	sigset_t all, before;
	long result;

	start->parent = saying->say ? getpid() : 0;
	atomic_store(&start->may_go, !saying->say);
	atomic_store(&start->borrow, 1);
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	result = clone_child(start);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (result < 0) {
		atomic_store(&start->borrow, 0);
		if (result == -EAGAIN || result == -ENOMEM) {
			errno = (int)-result;
			return -1;
		}
		return begin_waiting(start, saying); /* a system that does not let it happen so */
	}
	start->process = (pid_t)result;
	if (saying->say) {
		tell(saying);
		atomic_store(&start->may_go, 1);
		syscall(SYS_futex, &start->may_go, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
	return (pid_t)result;
}

#else

static pid_t begin(struct start *start, struct saying *saying)
{
	return begin_waiting(start, saying);
}

#endif

pid_t start_begin(struct start *start, const char *path, char *const argv[], char *const envp[],
		  const struct spawn_move *moves, size_t count,
		  void (*say)(void *world, pid_t process), void *world)
{
	start->path = path;
	start->argv = argv;
	start->envp = envp;
	start->count = count;
	for (size_t index = 0; index < count; index++)
		start->moves[index] = moves[index];
	start->process = 0;
	atomic_store(&start->failure, 0);
	return begin(start, &(struct saying){start, say, world});
}
