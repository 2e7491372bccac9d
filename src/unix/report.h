/*
 * report: what a program says to its administrator, one event a line, and how it ends.
 *
 * A line is "program: word: text", made printable, cut at REPORT_LINE bytes and written with one
 * write(2), so that lines of many processes never mix in a pipe. Lines go to descriptor 2, or to
 * syslog (facility mail) when descriptor 2 is the network (the same socket as descriptor 0, as
 * under inetd and xinetd, or any one of the Internet) or closed; there a line of more than 900
 * bytes is several messages. errno survives every call.
 */
#ifndef UNIX_REPORT_H
#define UNIX_REPORT_H

#include <stdbool.h>

#include "base/span.h"

#define REPORT_LINE 4096 /* bytes of the longest line, its LF included */

enum {
	EXIT_PERMANENT = 100, /* usage, malformed input, wrong environment: retrying cannot help */
	EXIT_TEMPORARY = 111, /* memory, descriptors, disk, a program that cannot be run */
};

/* Call first in main. Takes care that descriptors 0, 1 and 2 are open. The name must stay. */
void report_begin(const char *program);

/* Whether it is said to syslog, descriptor 2 being the network or closed. */
bool report_uses_syslog(void);

/* Call before the root directory changes, and after closing descriptors that are not one's own:
 * what is said later needs no path. */
void report_without_paths(void);

/* Call before a descriptor of one's own gets a number of one's choice: it may be that of syslog's
 * socket, and what is said later would go to whatever is there then. */
void report_without_descriptor(void);

/* How much is said: nothing but usage, fatal only, warnings too (the default), info too. */
void report_nothing(void);
void report_less(void);
void report_usual(void);
void report_more(void);

/* A line with its word; info_span's is made already. The _errno forms add ": " and the reason that
 * errno gives. A text that is empty is said to be "out of memory": its reason found none. */
void info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void info_span(struct span text);
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void warn_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line without a word, said only where info is. For lines whose shape is a tradition. */
void report_plain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The line of die, for who has something left to do before it exits. */
void fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say why and exit with the code. */
_Noreturn void die(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void die_errno(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Die like that, unless alarm(0) comes first, when so many seconds have passed, also where whoever
 * started this process has SIGALRM blocked or ignored. The line goes to descriptor 2 alone: a
 * handler of signals may not call syslog(3). */
void die_after(unsigned seconds, int code, const char *reason);

/* "program: usage: program USAGE (reason)" and exit 100. The reason may be NULL. */
_Noreturn void die_usage(const char *usage, const char *reason);

/* The name that report_begin was given. */
const char *report_program(void);

#endif
