#include "unix/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/copy.h"
#include "base/printable.h"
#include "base/text.h"

enum level { LEVEL_USAGE, LEVEL_FATAL, LEVEL_WARNING, LEVEL_INFO };

static const char *program_name = "tidewaiter";
static enum level shown = LEVEL_WARNING;
static bool use_syslog;

/* What the end by an alarm says. */
static struct {
	int code;
	char line[256];
	size_t length;
} late;

/* How /dev/null is opened to stand in for a descriptor 2 that was the network, or closed. The flags
 * tell the later programs of the chain; nobody else has a use for appending to it while reading. */
#define STAND_IN (O_RDWR | O_APPEND)

#define SYSLOG_PIECE 900 /* bytes of a line in one message */

static bool is_same(const struct stat *log, int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && status.st_dev == log->st_dev &&
	       status.st_ino == log->st_ino;
}

static bool is_of_internet(int descriptor)
{
	struct sockaddr_storage name = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof(name);

	return getsockname(descriptor, (struct sockaddr *)&name, &size) == 0 &&
	       (name.ss_family == AF_INET || name.ss_family == AF_INET6);
}

/* Descriptor 2 is the network when it is the very socket that descriptor 0 is. Pipes of others may
 * stand in the place of that: so any socket of the Internet is taken for it, since nobody has his
 * log there. A socket that is descriptor 1 as well proves nothing: systemd gives its journal so.
 * And it was the network when it is what an earlier program of the chain has put in its place. */
static bool is_network(void)
{
	struct stat log;

	if (fstat(2, &log) == -1)
		return false;
	if (S_ISCHR(log.st_mode) && log.st_rdev == makedev(1, 3)) /* /dev/null */
		return (fcntl(2, F_GETFL) & (O_ACCMODE | O_APPEND)) == STAND_IN;
	return S_ISSOCK(log.st_mode) && (is_same(&log, 0) || is_of_internet(2));
}

/* A file opened later must never get one of the standard numbers. Whoever uses one that was closed
 * is told so, and does not find an end of input there, or lose what he writes. The lower ones are
 * open. */
static void fill(int descriptor, int flags)
{
	if (fcntl(descriptor, F_GETFD) == -1 && open("/dev/null", flags) != descriptor)
		_exit(EXIT_TEMPORARY);
}

void report_begin(const char *program)
{
	bool is_closed = fcntl(2, F_GETFD) == -1;
	int null;

	program_name = program;
	if (is_closed || is_network()) {
		use_syslog = true;
		openlog(program, LOG_PID, LOG_MAIL);
	}
	fill(0, O_WRONLY);
	fill(1, O_RDONLY);
	/* Where nothing is wrong, nothing is needed: neither a free descriptor nor /dev/null. */
	if (!use_syslog)
		return;
	null = open("/dev/null", STAND_IN);
	if (null == -1 || (null != 2 && dup2(null, 2) == -1))
		_exit(EXIT_TEMPORARY);
	if (null != 2)
		close(null);
}

bool report_uses_syslog(void)
{
	return use_syslog;
}

void report_without_paths(void)
{
	if (!use_syslog)
		return;
	tzset();
	closelog();
	openlog(program_name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void report_without_descriptor(void)
{
	if (!use_syslog)
		return;
	closelog();
	openlog(program_name, LOG_PID, LOG_MAIL);
}

const char *report_program(void)
{
	return program_name;
}

void report_nothing(void)
{
	shown = LEVEL_USAGE;
}

void report_usual(void)
{
	shown = LEVEL_WARNING;
}

void report_less(void)
{
	shown = LEVEL_FATAL;
}

void report_more(void)
{
	shown = LEVEL_INFO;
}

static size_t limited(int written, size_t room)
{
	if (written < 0)
		return 0;
	return (size_t)written < room ? (size_t)written : room - 1;
}

/* A message of syslog has 1024 bytes, RFC 3164 section 4.1, and C libraries cut what is longer. */
static void write_syslog(int priority, const char *line, size_t length)
{
	while (length > SYSLOG_PIECE) {
		syslog(priority, "%.*s...", SYSLOG_PIECE, line);
		line += SYSLOG_PIECE;
		length -= SYSLOG_PIECE;
	}
	syslog(priority, "%.*s", (int)length, line);
}

static void write_line(enum level level, const char *line, size_t length)
{
	static const int priorities[] = {LOG_ERR, LOG_ERR, LOG_WARNING, LOG_INFO};
	size_t name = strlen(program_name) + 2; /* syslog writes it by itself */

	if (use_syslog) {
		write_syslog(priorities[level], line + name, length - 1 - name);
		return;
	}
	while (write(2, line, length) == -1 && errno == EINTR)
		;
}

/* Returns the bytes written. */
static size_t begin_line(char line[REPORT_LINE], const char *word)
{
	struct text text;

	text_init_in(&text, line, REPORT_LINE);
	text_add_string(&text, program_name);
	text_add_string(&text, ": ");
	text_add_string(&text, word);
	return text.length;
}

/* A line that fills all but its last byte is one that has been cut. */
static void end_line(enum level level, char line[REPORT_LINE], size_t length)
{
	if (length >= REPORT_LINE - 1) {
		length = REPORT_LINE - 1;
		memcpy(line + length - 3, "...", 3);
	}
	printable_clean(line, length, (struct span){NULL, 0});
	line[length++] = '\n';
	write_line(level, line, length);
}

__attribute__((format(printf, 4, 0))) static void
say(enum level level, const char *word, int number, const char *format, va_list arguments)
{
	char line[REPORT_LINE];
	size_t length, start;
	int kept = errno;

	if (level > shown)
		return;
	start = begin_line(line, word);
	length = start + limited(vsnprintf(line + start, sizeof(line) - start, format, arguments),
				 sizeof(line) - start);
	if (length == start) /* a reason for which there was no memory */
		length += limited(snprintf(line + start, sizeof(line) - start, "out of memory"),
				  sizeof(line) - start);
	if (number)
		length += limited(
			snprintf(line + length, sizeof(line) - length, ": %s", strerror(number)),
			sizeof(line) - length);
	end_line(level, line, length);
	errno = kept;
}

void info_span(struct span text)
{
	char line[REPORT_LINE];
	size_t start;
	int kept = errno;

	if (LEVEL_INFO > shown)
		return;
	start = begin_line(line, "info: ");
	text = span_head(text, sizeof(line) - 1 - start);
	copy_bytes(line + start, text.bytes, text.length);
	end_line(LEVEL_INFO, line, start + text.length);
	errno = kept;
}

#define SAY(level, word, number)                             \
	do {                                                 \
		va_list arguments;                           \
		va_start(arguments, format);                 \
		say(level, word, number, format, arguments); \
		va_end(arguments);                           \
	} while (0)

void info(const char *format, ...)
{
	SAY(LEVEL_INFO, "info: ", 0);
}

void report_plain(const char *format, ...)
{
	SAY(LEVEL_INFO, "", 0);
}

void warn(const char *format, ...)
{
	SAY(LEVEL_WARNING, "warning: ", 0);
}

void warn_errno(const char *format, ...)
{
	SAY(LEVEL_WARNING, "warning: ", errno);
}

void fatal(const char *format, ...)
{
	SAY(LEVEL_FATAL, "fatal: ", 0);
}

void die(int code, const char *format, ...)
{
	SAY(LEVEL_FATAL, "fatal: ", 0);
	exit(code);
}

void die_errno(int code, const char *format, ...)
{
	SAY(LEVEL_FATAL, "fatal: ", errno);
	exit(code);
}

static void on_alarm(int number)
{
	ssize_t written = write(2, late.line, late.length);

	(void)number;
	(void)written;
	_exit(late.code);
}

void die_after(unsigned seconds, int code, const char *reason)
{
	sigset_t alarms;

	late.code = code;
	late.length = limited(
		snprintf(late.line, sizeof(late.line), "%s: fatal: %s\n", program_name, reason),
		sizeof(late.line));
	signal(SIGALRM, SIG_IGN); /* takes away one that waits already */
	signal(SIGALRM, on_alarm);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(seconds);
}

__attribute__((format(printf, 1, 2))) static void say_usage(const char *format, ...)
{
	SAY(LEVEL_USAGE, "usage: ", 0);
}

void die_usage(const char *usage, const char *reason)
{
	const char *blank = *usage ? " " : "";

	if (reason)
		say_usage("%s%s%s (%s)", program_name, blank, usage, reason);
	else
		say_usage("%s%s%s", program_name, blank, usage);
	exit(EXIT_PERMANENT);
}
