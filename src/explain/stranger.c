#include "explain/stranger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/item.h"
#include "host/settings.h"
#include "queue/status.h"
#include "unix/deadline.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"
#include "unix/spawn.h"
#include "unix/variables.h"

#define LARGEST		(4 * 1024 * 1024) /* bytes, of what is said and of what is recorded */
#define SESSION_SECONDS 120

extern char **environ;

/* --- what smtpd finds --- */

/* A value that smtpd cannot use would end the session before it begins. */
static void set_confinement(struct variables *variables, struct span data)
{
	const char *value = item_find_value(data, "SANDBOX");
	struct text why;

	text_init(&why, LARGEST);
	if (!settings_variable_is_usable(SPAN("SANDBOX"), span_of(value), &why))
		variables_set(variables, "SANDBOX", "0");
	text_free(&why);
}

/* tlsd starts a session under TLS so; whoever likes can have one. */
static void set_tls(struct variables *variables, struct span data)
{
	const char *value = item_find_value(data, "UCSPITLS");

	if (!value)
		value = environment_get("UCSPITLS");
	if (value && strcmp(value, "!") == 0)
		variables_set(variables, "SSL_PROTOCOL", "TLSv1.3");
}

static bool set_environment(struct variables *variables, struct span data, const char *record)
{
	/* What tells how long and how much, but not who may do what. */
	static const char *const limits[][2] = {
		{"MAXERRORS", "0"},   {"GREETDELAY", "0"}, {"TARPITCOUNT", "0"},
		{"TARPITDELAY", "0"}, {"DATABYTES", "0"},  {"MAXRECIPIENTS", "1000"},
	};
	static const char *const unknown[] = {"RELAYCLIENT", "TCPREMOTEHOST", "TCPREMOTEINFO",
					      "TCPRULE",     "SSLCTLFD",      "QMAILQUEUE"};
	char self[PATH_MAX];

	if (!home_self(self, sizeof(self)) || variables_init(variables, environ) == -1)
		return false;
	for (size_t index = 0; index < sizeof(unknown) / sizeof(*unknown); index++)
		variables_drop(variables, unknown[index]);
	variables_clear(variables);
	variables_set(variables, "PROTO", "TCP");
	variables_set(variables, "TCPREMOTEIP", "192.0.2.255"); /* RFC 5737: nobody's */
	variables_set_items(variables, data);
	for (size_t index = 0; index < sizeof(limits) / sizeof(*limits); index++)
		variables_set(variables, limits[index][0], limits[index][1]);
	set_confinement(variables, data);
	set_tls(variables, data);
	variables_set(variables, "QMAILQUEUE", self);
	variables_set(variables, STRANGER_RECORD, record);
	return true;
}

/* --- smtpd --- */

/* The client's side, all of it files in memory. */
struct line {
	int says, hears, log;
};

static bool make_file(struct span contents, int *descriptor)
{
	*descriptor = memfd_create("stranger", MFD_CLOEXEC);
	return *descriptor != -1 && file_write(*descriptor, contents) == 0 &&
	       lseek(*descriptor, 0, SEEK_SET) == 0;
}

static bool open_line(struct line *line, struct span dialogue)
{
	*line = (struct line){-1, -1, -1};
	return make_file(dialogue, &line->says) && make_file(SPAN(""), &line->hears) &&
	       make_file(SPAN(""), &line->log);
}

static void close_line(const struct line *line)
{
	const int descriptors[] = {line->says, line->hears, line->log};

	for (size_t index = 0; index < sizeof(descriptors) / sizeof(*descriptors); index++)
		if (descriptors[index] != -1)
			close(descriptors[index]);
}

/* Wait for the end of smtpd. Returns its exit status, or -1 when it had to be ended. */
static int wait_for(pid_t child)
{
	int status = -1;

	if (spawn_wait(child, deadline_in(SESSION_SECONDS * 1000), &status))
		return status;
	spawn_kill(child, &status);
	return -1;
}

/* Start smtpd and wait for its end. False with errno when it cannot be started. */
static bool run(struct span data, const struct line *line, const char *record, int *status)
{
	char path[PATH_MAX], name[] = "smtpd", quiet[] = "-q";
	char *arguments[] = {name, quiet, NULL};
	const struct spawn_move moves[] = {{line->says, 0}, {line->hears, 1}, {line->log, 2}};
	struct variables variables;
	char **array;
	pid_t child;
	int kept;

	home_program("smtpd", path, sizeof(path));
	if (!set_environment(&variables, data, record))
		return false;
	array = variables_array(&variables);
	child = array ? spawn(path, arguments, array, moves, 3) : -1;
	kept = errno;
	if (child != -1)
		*status = wait_for(child);
	variables_free(&variables);
	errno = kept;
	return child != -1;
}

/* --- how it ended --- */

static bool read_file(int descriptor, struct text *text)
{
	return lseek(descriptor, 0, SEEK_SET) == 0 && file_read_all(descriptor, text) == 0;
}

static struct span last_line(const struct text *text)
{
	struct span rest = text_span(text), line = {NULL, 0};

	while (span_next_line(&rest, &line))
		;
	return line;
}

static void tell_end(int status, struct span said, struct text *reason)
{
	if (said.length) {
		text_add(reason, said);
	} else if (status == -1) {
		text_add_string(reason, "it did not end");
	} else if (WIFSIGNALED(status)) {
		text_add_string(reason, "it was ended by signal ");
		text_add_number(reason, (uint64_t)WTERMSIG(status));
	} else {
		text_add_string(reason, "it ended before its time");
	}
}

/* All was heard when QUIT was answered. */
static enum verdict judge(int status, const struct line *line, struct text *replies,
			  struct text *reason)
{
	struct text log;
	enum verdict verdict = VERDICT_LATER;

	text_init(&log, LARGEST);
	if (read_file(line->hears, replies) && read_file(line->log, &log)) {
		verdict = status == 0 && span_starts(last_line(replies), SPAN("221 ")) ? VERDICT_YES
										       : VERDICT_NO;
		if (verdict == VERDICT_NO)
			tell_end(status, last_line(&log), reason);
	}
	text_free(&log);
	return verdict;
}

enum verdict stranger_talk(struct span data, struct span dialogue, const char *record,
			   struct text *replies, struct text *reason)
{
	enum verdict verdict = VERDICT_LATER;
	struct line line;
	int status, kept;

	if (open_line(&line, dialogue) && run(data, &line, record, &status))
		verdict = judge(status, &line, replies, reason);
	kept = errno;
	close_line(&line);
	errno = kept;
	return verdict;
}

/* --- the queue program --- */

static bool is_own(int descriptor)
{
	struct stat status;

	return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
	       status.st_uid == geteuid();
}

int stranger_record(const char *path)
{
	struct text envelope, message;
	int descriptor = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool is_good;

	text_init(&message, LARGEST);
	text_init(&envelope, LARGEST);
	is_good = is_own(descriptor) && file_read_all(0, &message) == 0 &&
		  file_read_all(1, &envelope) == 0 &&
		  file_write(descriptor, text_span(&envelope)) == 0;
	text_free(&message);
	text_free(&envelope);
	return is_good ? QUEUE_OK : QUEUE_WRITE_ERROR;
}
