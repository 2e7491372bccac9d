#include "host/log.h"

#include "base/text.h"
#include "unix/report.h"

#define LONGEST_VALUE 1024 /* bytes */

static const struct span blanks = {" ", 1};
static const struct span blanks_and_brackets = {" <>", 3};

static void add_value(struct text *line, const char *name, struct span value)
{
	text_add_byte(line, ' ');
	text_add_string(line, name);
	text_add_byte(line, '=');
	text_add_printable(line, span_head(value, LONGEST_VALUE), blanks);
}

/* A value that may be missing. */
static void add_optional(struct text *line, const char *name, struct span value)
{
	add_value(line, name, value.length ? value : SPAN("-"));
}

static void add_address(struct text *line, const char *name, bool is_there, struct span address)
{
	if (!is_there) {
		add_optional(line, name, (struct span){NULL, 0});
		return;
	}
	text_add_byte(line, ' ');
	text_add_string(line, name);
	text_add_string(line, "=<");
	text_add_printable(line, span_head(address, LONGEST_VALUE), blanks_and_brackets);
	text_add_byte(line, '>');
}

static void add_number(struct text *line, const char *name, uint64_t number)
{
	text_add_byte(line, ' ');
	text_add_string(line, name);
	text_add_byte(line, '=');
	text_add_number(line, number);
}

static void add_seconds(struct text *line, uint64_t milliseconds)
{
	add_number(line, "seconds", milliseconds / 1000);
	text_add_byte(line, '.');
	text_add_number_wide(line, milliseconds % 1000, 3);
}

static void begin(struct text *line, const char *word, const struct log *log, struct span why)
{
	text_init(line, 2 * REPORT_LINE);
	text_add_string(line, word);
	add_optional(line, "ip", log->ip);
	add_value(line, "rule", log->rule.bytes ? log->rule : SPAN("-"));
	add_optional(line, "why", why.length ? why : log->why);
}

static void finish(struct text *line)
{
	if (line->failed)
		warn("out of memory for a log line");
	else
		info("%s", text_string(line));
	text_free(line);
}

void log_connect(const struct log *log, struct span remote_host)
{
	struct text line;

	begin(&line, "connect", log, log->why);
	add_optional(&line, "host", remote_host);
	finish(&line);
}

void log_event(const struct log *log, const struct smtp_event *event, struct span id,
	       uint64_t milliseconds)
{
	static const char *const words[] = {
		[SMTP_ACCEPT] = "accept",	[SMTP_REFUSE] = "refuse",
		[SMTP_QUEUED] = "queued",	[SMTP_AUTH_OK] = "auth ok",
		[SMTP_AUTH_FAIL] = "auth fail",
	};
	struct text line;

	begin(&line, words[event->kind], log, event->why);
	switch (event->kind) {
	case SMTP_ACCEPT:
		add_address(&line, "from", event->has_sender, event->sender);
		add_address(&line, "to", event->has_recipient, event->recipient);
		break;
	case SMTP_QUEUED:
		add_address(&line, "from", event->has_sender, event->sender);
		add_number(&line, "size", event->size);
		add_number(&line, "recipients", event->recipients);
		add_optional(&line, "id", id);
		add_seconds(&line, milliseconds);
		break;
	case SMTP_REFUSE:
		add_number(&line, "code", event->code);
		add_address(&line, "from", event->has_sender, event->sender);
		add_address(&line, "to", event->has_recipient, event->recipient);
		text_add_string(&line, " reason=");
		text_add_printable(&line, span_head(event->reason, LONGEST_VALUE), SPAN(""));
		break;
	case SMTP_AUTH_OK: add_optional(&line, "user", event->user); break;
	case SMTP_AUTH_FAIL:
		add_number(&line, "code", event->code);
		add_optional(&line, "user", event->user);
		break;
	}
	finish(&line);
}

void log_tls(const struct log *log, struct span protocol, struct span cipher)
{
	struct text line;

	begin(&line, "tls", log, log->why);
	add_optional(&line, "protocol", protocol);
	add_optional(&line, "cipher", cipher);
	finish(&line);
}

void log_end(const struct log *log, const struct smtp_totals *totals, uint64_t milliseconds)
{
	struct text line;

	begin(&line, "end", log, log->why);
	add_number(&line, "commands", totals->commands);
	add_number(&line, "messages", totals->messages);
	add_number(&line, "bytes", totals->bytes);
	add_seconds(&line, milliseconds);
	finish(&line);
}
