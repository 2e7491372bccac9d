/*
 * kernel: Linux system calls that not every C library has a function for.
 *
 * glibc has them all, and what is called there can be intercepted in tests; otherwise, with musl,
 * they are called directly. See close_range(2) and rename(2).
 */
#ifndef UNIX_KERNEL_H
#define UNIX_KERNEL_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifndef __GLIBC__
#include <sys/syscall.h>

#ifndef CLOSE_RANGE_CLOEXEC
#include <linux/close_range.h>
#endif
#ifndef RENAME_NOREPLACE
#include <linux/fs.h>
#endif

static inline int kernel_close_range(unsigned first, unsigned last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int kernel_rename(int one, const char *from, int other, const char *to,
				unsigned flags)
{
	return (int)syscall(SYS_renameat2, one, from, other, to, flags);
}

/* Newer ones may have functions of these names. */
#define close_range kernel_close_range
#define renameat2   kernel_rename
#endif

#endif
