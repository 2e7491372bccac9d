/*
 * fail: to be preloaded: makes one call of one program fail.
 *
 * FAIL=PROGRAM:CALL:N:ERRNO lets the Nth such call of each process of that program fail, with "+"
 * behind N that one and all later ones. ERRNO is a number; 0 lets a call that moves bytes move but
 * one. What has failed is a line of the file FAIL_LOG; without FAIL every call is one, "PROGRAM
 * CALL PROCESS". A close that fails closes all the same, as it does in Linux.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* That an object's address may be a function's is POSIX; what sockets' addresses are is glibc's. */
#pragma GCC diagnostic ignored "-Wpedantic"

static char wanted[32];	     /* the call; empty when this program is not meant */
static const char *log_path; /* NULL: none */
static unsigned long which;  /* the first call that fails */
static bool does_go_on, is_recording;
static int number; /* errno */
static unsigned long count;
static pid_t self;
static pid_t (*real_vfork)(void);

/* By system calls, for nothing here may be counted. */
static void say(const char *call)
{
	char line[128];
	int kept = errno, length, descriptor;

	length = snprintf(line, sizeof(line), "%s %s %d\n", program_invocation_short_name, call,
			  (int)self);
	descriptor = (int)syscall(SYS_openat, AT_FDCWD, log_path,
				  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (descriptor != -1) {
		syscall(SYS_write, descriptor, line, (size_t)length);
		syscall(SYS_close, descriptor);
	}
	errno = kept;
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAIL");
	char program[32], go_on[2] = "";

	real_vfork = (pid_t(*)(void))dlsym(RTLD_NEXT, "vfork");
	self = (pid_t)syscall(SYS_getpid);
	log_path = getenv("FAIL_LOG");
	is_recording = !text && log_path;
	if (!text || sscanf(text, "%31[^:]:%31[^:]:%lu%1[+]", program, wanted, &which, go_on) < 3 ||
	    strcmp(program, program_invocation_short_name) != 0)
		wanted[0] = '\0';
	does_go_on = go_on[0] == '+';
	if (text)
		number = atoi(strrchr(text, ':') + 1);
}

__attribute__((noinline)) static bool must_fail(const char *call)
{
	if (is_recording)
		say(call);
	if (strcmp(call, wanted) != 0)
		return false;
	count++;
	if (count != which && (count < which || !does_go_on))
		return false;
	if (log_path)
		say(call);
	if (number)
		errno = number;
	return true;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that is not made when it fails. */
#define WRAP(type, failure, name, parameters, arguments) \
	type name parameters                             \
	{                                                \
		static __typeof__(&name) real;           \
                                                         \
		if (must_fail(#name))                    \
			return failure;                  \
		if (!real)                               \
			real = REAL(name);               \
		return real arguments;                   \
	}
/* One that moves bytes: with a number of 0 it moves one at most. */
#define WRAP_MOVE(name, size, parameters, arguments) \
	ssize_t name parameters                      \
	{                                            \
		static __typeof__(&name) real;       \
                                                     \
		if (must_fail(#name)) {              \
			if (number)                  \
				return -1;           \
			size = size ? 1 : 0;         \
		}                                    \
		if (!real)                           \
			real = REAL(name);           \
		return real arguments;               \
	}

WRAP_MOVE(read, size, (int descriptor, void *bytes, size_t size), (descriptor, bytes, size))
WRAP_MOVE(write, size, (int descriptor, const void *bytes, size_t size), (descriptor, bytes, size))
WRAP_MOVE(pread, size, (int descriptor, void *bytes, size_t size, off_t offset),
	  (descriptor, bytes, size, offset))
WRAP_MOVE(writev, parts, (int descriptor, const struct iovec *vector, int parts),
	  (descriptor, vector, parts))
WRAP_MOVE(send, size, (int descriptor, const void *bytes, size_t size, int flags),
	  (descriptor, bytes, size, flags))
WRAP_MOVE(recv, size, (int descriptor, void *bytes, size_t size, int flags),
	  (descriptor, bytes, size, flags))
WRAP_MOVE(copy_file_range, size,
	  (int from, off64_t *from_offset, int to, off64_t *to_offset, size_t size, unsigned flags),
	  (from, from_offset, to, to_offset, size, flags))

WRAP(int, -1, fsync, (int descriptor), (descriptor))
WRAP(int, -1, dup2, (int from, int to), (from, to))
WRAP(int, -1, pipe2, (int ends[2], int flags), (ends, flags))
WRAP(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, -1, link, (const char *from, const char *to), (from, to))
WRAP(int, -1, unlink, (const char *path), (path))
WRAP(int, -1, access, (const char *path, int mode), (path, mode))
WRAP(int, -1, renameat2, (int one, const char *from, int other, const char *to, unsigned flags),
     (one, from, other, to, flags))
WRAP(int, -1, memfd_create, (const char *name, unsigned flags), (name, flags))
WRAP(int, -1, mkostemp, (char *path, int flags), (path, flags))
WRAP(off_t, -1, lseek, (int descriptor, off_t offset, int whence), (descriptor, offset, whence))
WRAP(int, -1, execve, (const char *path, char *const argv[], char *const envp[]),
     (path, argv, envp))
WRAP(pid_t, -1, waitpid, (pid_t process, int *status, int options), (process, status, options))
WRAP(int, -1, kill, (pid_t process, int signal), (process, signal))
WRAP(int, -1, poll, (struct pollfd * polls, nfds_t length, int time), (polls, length, time))
WRAP(int, -1, signalfd, (int descriptor, const sigset_t *signals, int flags),
     (descriptor, signals, flags))
WRAP(int, -1, fstat, (int descriptor, struct stat *status), (descriptor, status))
WRAP(int, -1, stat, (const char *path, struct stat *status), (path, status))
WRAP(int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, -1, connect, (int descriptor, const struct sockaddr *address, socklen_t size),
     (descriptor, address, size))
WRAP(int, -1, accept4, (int descriptor, struct sockaddr *address, socklen_t *size, int flags),
     (descriptor, address, size, flags))
WRAP(int, -1, bind, (int descriptor, const struct sockaddr *address, socklen_t size),
     (descriptor, address, size))
WRAP(int, -1, listen, (int descriptor, int backlog), (descriptor, backlog))
WRAP(int, -1, shutdown, (int descriptor, int how), (descriptor, how))
WRAP(int, -1, getpeername, (int descriptor, struct sockaddr *address, socklen_t *size),
     (descriptor, address, size))
WRAP(int, -1, getsockname, (int descriptor, struct sockaddr *address, socklen_t *size),
     (descriptor, address, size))
WRAP(int, -1, getsockopt, (int descriptor, int level, int name, void *value, socklen_t *size),
     (descriptor, level, name, value, size))
WRAP(int, -1, setsockopt, (int descriptor, int level, int name, const void *value, socklen_t size),
     (descriptor, level, name, value, size))
WRAP(int, -1, setenv, (const char *name, const char *value, int replace), (name, value, replace))
WRAP(int, -1, gethostname, (char *name, size_t size), (name, size))

int close(int descriptor)
{
	bool fails = must_fail("close");
	int kept = errno, result = (int)syscall(SYS_close, descriptor);

	if (!fails)
		return result;
	errno = kept;
	return -1;
}

/* Their last argument is a number, an address, or nothing: it is handed on as it comes. */
#define HAND_ON(first, second)          \
	va_list arguments;              \
	long last;                      \
                                        \
	va_start(arguments, second);    \
	last = va_arg(arguments, long); \
	va_end(arguments);              \
	return (int)syscall(HAND_ON_CALL, first, second, last)

int fcntl(int descriptor, int command, ...)
{
	if (must_fail("fcntl"))
		return -1;
#define HAND_ON_CALL SYS_fcntl
	HAND_ON(descriptor, command);
#undef HAND_ON_CALL
}

int ioctl(int descriptor, unsigned long request, ...)
{
	if (must_fail("ioctl"))
		return -1;
#define HAND_ON_CALL SYS_ioctl
	HAND_ON(descriptor, request);
#undef HAND_ON_CALL
}

int open(const char *path, int flags, ...)
{
	va_list arguments;
	unsigned mode = 0;

	if (must_fail("open"))
		return -1;
	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(arguments, flags);
		mode = va_arg(arguments, unsigned);
		va_end(arguments);
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* The caller's stack is the child's, too, so that this must have left it before: a jump, no call.
 */
pid_t vfork(void)
{
	if (must_fail("vfork"))
		return -1;
#ifdef __clang__
	__attribute__((musttail))
#endif
	return real_vfork();
}

#ifdef __GLIBC__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number_of, size_t size);
void *__libc_realloc(void *before, size_t size);

void *malloc(size_t size)
{
	return must_fail("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t number_of, size_t size)
{
	return must_fail("calloc") ? NULL : __libc_calloc(number_of, size);
}

void *realloc(void *before, size_t size)
{
	return must_fail("realloc") ? NULL : __libc_realloc(before, size);
}
#endif
