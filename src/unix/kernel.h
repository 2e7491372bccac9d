/*
 * kernel: Linux system calls that not every C library has a function for.
 *
 * glibc has them all, and what is called there can be intercepted in tests; with musl they are
 * called directly. See close_range(2) and rename(2).
 */
#ifndef UNIX_KERNEL_H
#define UNIX_KERNEL_H

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifndef __GLIBC__
#include <linux/close_range.h>
#include <linux/fs.h>
#include <sys/syscall.h>

static inline int close_range(unsigned first, unsigned last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int renameat2(int one, const char *from, int other, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, one, from, other, to, flags);
}
#endif

#endif
