#include "explain/audit_probes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/number.h"
#include "explain/hosted.h"
#include "queue/status.h"
#include "unix/control.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"
#include "unix/reason.h"
#include "unix/spawn.h"
#include "unix/variables.h"

#define LARGEST		(4 * 1024 * 1024) /* bytes, of what is said and of what is recorded */
#define VICTIM		"relay-probe.invalid"
#define SESSION_SECONDS 120

extern char **environ;

/* What stands behind RCPT TO: with M for a domain that is hosted here and V for one that is not.
 */
static const char *const forms[] = {
	"<u@V>",
	"<u%V@M>",
	"<u%V>",
	"<V!u>",
	"<V!u@M>",
	"<\"u@V\"@M>",
	"<\"u%V\"@M>",
	"<\"u@V\">",
	"<u@V@M>",
	"<u%V%M>",
	"<@M:u@V>",
	"<@V:u@M>",
	"<@M,@V:u@M>",
	"<@V,@M:u@V>",
	"<u@V.>",
	"<u@M.>",
	"<u@[127.0.0.1]>",
	"<u@[0.0.0.0]>",
	"<u@[256.0.0.1]>",
	"<u@[IPv6:::1]>",
	"<u%V@[127.0.0.1]>",
	"<u@>",
	"<@>",
	"<>",
	"",
	"u@V",
	" u@M",
	"nonsense",
	"<\"u\"@M>",
	"<u\\@V@M>",
	"<u@M V>",
	"<u@V%M>",
	"<V:u@M>",
	"<u@sub.M>",
	"<M!V!u>",
};

#define FORMS (sizeof(forms) / sizeof(*forms))

/* Each form is tried with a sender elsewhere and with one here. */
size_t audit_probes_count(void)
{
	return 2 * FORMS;
}

/* --- what is said --- */

static void add_form(struct text *out, const char *form, struct span hosted)
{
	for (; *form; form++)
		if (*form == 'V')
			text_add_string(out, VICTIM);
		else if (*form == 'M')
			text_add(out, hosted);
		else
			text_add_byte(out, *form);
}

/* The sender says which probe it is, so that the record can be read. Where a recipient is refused,
 * DATA and the dot are refused as well, and nothing is recorded. */
static void write_dialogue(struct text *out, struct span hosted)
{
	text_add_string(out, "EHLO " VICTIM "\r\n");
	for (size_t index = 0; index < audit_probes_count(); index++) {
		text_add_string(out, "RSET\r\nMAIL FROM:<probe-");
		text_add_number(out, index);
		text_add_byte(out, '@');
		text_add(out, index < FORMS ? SPAN(VICTIM) : hosted);
		text_add_string(out, ">\r\nRCPT TO:");
		add_form(out, forms[index % FORMS], hosted);
		text_add_string(out, "\r\nDATA\r\n.\r\n");
	}
	text_add_string(out, "QUIT\r\n");
}

/* --- smtpd --- */

static int make_file(struct span contents)
{
	int descriptor = memfd_create("probes", MFD_CLOEXEC);

	if (descriptor != -1 &&
	    (file_write(descriptor, contents) == -1 || lseek(descriptor, 0, SEEK_SET) == -1)) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

static bool set_environment(struct variables *variables, const struct audit_client *client,
			    const char *record)
{
	/* What tells how long and how much, but not who may do what. */
	static const char *const limits[] = {"MAXERRORS", "GREETDELAY", "TARPITCOUNT", "DATABYTES"};
	static const char *const unknown[] = {"RELAYCLIENT", "TCPREMOTEHOST", "TCPREMOTEINFO",
					      "TCPRULE",     "SSLCTLFD",      "QMAILQUEUE"};
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length == -1 || variables_init(variables, environ) == -1)
		return false;
	self[length] = '\0';
	for (size_t index = 0; index < sizeof(unknown) / sizeof(*unknown); index++)
		variables_drop(variables, unknown[index]);
	variables_clear(variables);
	variables_set(variables, "PROTO", "TCP");
	variables_set(variables, "TCPREMOTEIP", "192.0.2.255"); /* RFC 5737: nobody's */
	variables_set_items(variables, client->data);
	for (size_t index = 0; index < sizeof(limits) / sizeof(*limits); index++)
		variables_set(variables, limits[index], "0");
	variables_set(variables, "QMAILQUEUE", self);
	variables_set(variables, AUDIT_RECORD, record);
	return true;
}

/* Wait for the end of smtpd; its exit status, or -1 with errno. */
static int wait_for(pid_t child)
{
	struct pollfd end = {(int)syscall(SYS_pidfd_open, child, 0), POLLIN, 0};
	int status = -1, kept = 0;

	if (end.fd != -1 && poll(&end, 1, SESSION_SECONDS * 1000) == 0) {
		kill(child, SIGKILL);
		kept = ETIMEDOUT;
	}
	if (end.fd != -1)
		close(end.fd);
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	errno = kept;
	return kept ? -1 : status;
}

/* Hold the dialogue with smtpd. Returns 0, or -1 with errno; EPROTO when it ended badly. */
static int hold(const struct audit_client *client, struct span dialogue, const char *record)
{
	char path[PATH_MAX], name[] = "smtpd", quiet[] = "-q";
	char *arguments[] = {name, quiet, NULL};
	struct variables variables;
	struct spawn_move moves[3];
	char **array = NULL;
	int input = make_file(dialogue), output = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = -1;
	pid_t child;

	home_program("smtpd", path, sizeof(path));
	if (input != -1 && output != -1 && set_environment(&variables, client, record)) {
		array = variables_array(&variables);
		moves[0] = (struct spawn_move){input, 0};
		moves[1] = (struct spawn_move){output, 1};
		moves[2] = (struct spawn_move){output, 2};
		child = array ? spawn(path, arguments, array, moves, 3) : -1;
		status = child == -1 ? -1 : wait_for(child);
		variables_free(&variables);
	}
	if (input != -1)
		close(input);
	if (output != -1)
		close(output);
	if (status > 0) {
		errno = EPROTO;
		return -1;
	}
	return status;
}

/* --- what was recorded --- */

/* Where mail for a recipient goes that was queued. */
enum fate {
	FATE_HERE,
	FATE_OPEN, /* here, unless the program behind smtpd takes the local part for an address */
	FATE_AWAY,
};

static bool is_here(struct settings *settings, struct span domain)
{
	return settings->rcpthosts.exists ? hosted_has(settings, domain)
					  : span_equal_folded(domain, text_span(&settings->me));
}

static enum fate fate_of(struct settings *settings, struct span recipient)
{
	size_t at = span_find_last(recipient, '@');

	if (at < recipient.length && !is_here(settings, span_tail(recipient, at + 1)))
		return FATE_AWAY;
	for (size_t index = 0; index < at; index++)
		if (span_find(SPAN("@%!:"), recipient.bytes[index]) < 4)
			return FATE_OPEN;
	return FATE_HERE;
}

/* Read one envelope off the record. */
static bool next_envelope(struct span *rest, size_t *probe, struct span *recipient)
{
	struct span sender = span_head(*rest, span_find(*rest, '\0'));
	uint64_t number;

	if (sender.length == rest->length || !span_starts(sender, SPAN("Fprobe-")))
		return false;
	*rest = span_tail(*rest, sender.length + 1);
	*recipient = span_head(*rest, span_find(*rest, '\0'));
	*rest = span_tail(*rest, recipient->length + 2); /* and the NUL that ends the list */
	sender = span_tail(sender, strlen("Fprobe-"));
	if (!number_read_span(span_head(sender, span_find(sender, '@')), audit_probes_count() - 1,
			      &number) ||
	    span_byte(*recipient, 0) != 'T')
		return false;
	*probe = (size_t)number;
	*recipient = span_tail(*recipient, 1);
	return true;
}

static void tell(struct findings *findings, const struct audit_client *client, enum fate fate,
		 struct text *forms_taken)
{
	struct text path;

	if (forms_taken->length == 0)
		return;
	text_add_string(forms_taken, client->file || client->key.length
					     ? " are taken from a client of this rule"
					     : " are taken from a client that no rule knows");
	text_init(&path, 8192);
	control_path("rcpthosts", &path);
	findings_add(
		findings,
		&(struct finding){
			fate == FATE_AWAY ? FINDING_ERROR : FINDING_WARNING,
			fate == FATE_AWAY ? "open-relay" : "odd-forms-taken",
			client->file ? client->file : text_string(&path),
			client->line,
			text_span(forms_taken),
			fate == FATE_AWAY
				? "mail to them leaves this host, so it is an open relay"
				: "the program behind smtpd may send such mail on to elsewhere",
			fate == FATE_AWAY
				? "see which rule and list let them in with relay-explain"
				: "take ODDADDRESS=1 out unless that program is known not to",
		});
	text_free(&path);
}

static bool judge(struct findings *findings, struct settings *settings,
		  const struct audit_client *client, struct span record, struct span hosted)
{
	bool is_told[FORMS] = {false};
	struct text taken[FATE_AWAY + 1];
	struct span recipient;
	size_t probe;
	bool is_good = true;

	for (int fate = FATE_HERE; fate <= FATE_AWAY; fate++)
		text_init(&taken[fate], LARGEST);
	while (next_envelope(&record, &probe, &recipient)) {
		struct text *words = &taken[fate_of(settings, recipient)];

		if (is_told[probe % FORMS])
			continue;
		is_told[probe % FORMS] = true;
		text_add_string(words, words->length ? ", " : "");
		add_form(words, forms[probe % FORMS], hosted);
	}
	for (int fate = FATE_OPEN; fate <= FATE_AWAY; fate++)
		tell(findings, client, (enum fate)fate, &taken[fate]);
	for (int fate = FATE_HERE; fate <= FATE_AWAY; fate++) {
		is_good &= !taken[fate].failed;
		text_free(&taken[fate]);
	}
	return is_good;
}

/* A file in TMPDIR, or in /tmp, that the trial's queue program writes to. Returns its descriptor;
 * or -1, with the reason appended to *why. */
static int create_record(struct text *name, struct text *why)
{
	const char *directory = environment_get("TMPDIR");
	int descriptor = -1;

	if (!directory || !*directory)
		directory = "/tmp";
	text_add_string(name, directory);
	text_add_string(name, "/relay-audit.XXXXXX");
	errno = ENAMETOOLONG;
	if (!name->failed)
		descriptor = mkostemp(name->bytes, O_CLOEXEC);
	if (descriptor == -1)
		reason_add(why, "create a file in", directory);
	return descriptor;
}

/* Hold the trial and judge what the queue program wrote to the record. */
static bool try_with(struct findings *findings, struct settings *settings,
		     const struct audit_client *client, int descriptor, const char *name,
		     struct text *why)
{
	struct text dialogue, record, hosted;
	bool is_good = false;

	text_init(&dialogue, LARGEST);
	text_init(&record, LARGEST);
	text_init(&hosted, 8192);
	hosted_example(settings, &hosted);
	write_dialogue(&dialogue, text_span(&hosted));
	errno = ENOMEM; /* unless a call says otherwise */
	if (!dialogue.failed && !hosted.failed && hold(client, text_span(&dialogue), name) != -1 &&
	    file_read_all(descriptor, &record) != -1) {
		errno = ENOMEM;
		is_good = judge(findings, settings, client, text_span(&record), text_span(&hosted));
	}
	if (!is_good)
		text_add_string(why,
				errno == EPROTO ? "it ended before its time" : strerror(errno));
	text_free(&dialogue);
	text_free(&record);
	text_free(&hosted);
	return is_good;
}

bool audit_probes(struct findings *findings, struct settings *settings,
		  const struct audit_client *client, struct text *why)
{
	size_t before = why->length;
	struct text name;
	bool is_good = false;
	int descriptor;

	text_init(&name, PATH_MAX);
	text_add_string(why, "unable to try smtpd: ");
	descriptor = create_record(&name, why);
	if (descriptor != -1) {
		is_good = try_with(findings, settings, client, descriptor, text_string(&name), why);
		close(descriptor);
		unlink(text_string(&name));
	}
	if (is_good)
		text_cut(why, before);
	text_free(&name);
	return is_good;
}

int audit_probes_record(const char *path)
{
	struct text envelope, message;
	int descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool is_good;

	text_init(&message, LARGEST);
	text_init(&envelope, LARGEST);
	is_good = descriptor != -1 && file_read_all(0, &message) == 0 &&
		  file_read_all(1, &envelope) == 0 &&
		  file_write(descriptor, text_span(&envelope)) == 0;
	text_free(&message);
	text_free(&envelope);
	return is_good ? QUEUE_OK : QUEUE_WRITE_ERROR;
}
