#include "host/log.h"

#include "base/text.h"
#include "unix/report.h"

#define LONGEST_VALUE 1024 /* bytes */

static const struct span blanks = {" ", 1};
static const struct span blanks_and_brackets = {" <>", 3};

/* One line of the log, with room for the longest; in memory of its own, since there are two for
 * each message. */
struct line {
	struct text text;
	char room[2 * REPORT_LINE];
};

/* Names of values come with a blank in front and an equals sign behind. */
static void add_value(struct line *line, struct span name, struct span value)
{
	text_add(&line->text, name);
	text_add_printable(&line->text, span_head(value, LONGEST_VALUE), blanks);
}

/* A value that may be missing. */
static void add_optional(struct line *line, struct span name, struct span value)
{
	add_value(line, name, value.length ? value : SPAN("-"));
}

static void add_address(struct line *line, struct span name, bool is_there, struct span address)
{
	text_add(&line->text, name);
	if (!is_there) {
		text_add_byte(&line->text, '-');
		return;
	}
	text_add_byte(&line->text, '<');
	text_add_printable(&line->text, span_head(address, LONGEST_VALUE), blanks_and_brackets);
	text_add_byte(&line->text, '>');
}

static void add_number(struct line *line, struct span name, uint64_t number)
{
	text_add(&line->text, name);
	text_add_number(&line->text, number);
}

static void add_seconds(struct line *line, uint64_t milliseconds)
{
	add_number(line, SPAN(" seconds="), milliseconds / 1000);
	text_add_byte(&line->text, '.');
	text_add_number_wide(&line->text, milliseconds % 1000, 3);
}

static void begin(struct line *line, const char *word, const struct log *log, struct span why)
{
	text_init_in(&line->text, line->room, sizeof(line->room));
	text_add_string(&line->text, word);
	add_optional(line, SPAN(" ip="), log->ip);
	add_value(line, SPAN(" rule="), log->rule.bytes ? log->rule : SPAN("-"));
	add_optional(line, SPAN(" why="), why.length ? why : log->why);
}

static void finish(const struct line *line)
{
	info_span(text_span(&line->text));
}

void log_connect(const struct log *log, struct span remote_host)
{
	struct line line;

	begin(&line, "connect", log, log->why);
	add_optional(&line, SPAN(" host="), remote_host);
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
	struct line line;

	begin(&line, words[event->kind], log, event->why);
	switch (event->kind) {
	case SMTP_ACCEPT:
		add_address(&line, SPAN(" from="), event->has_sender, event->sender);
		add_address(&line, SPAN(" to="), event->has_recipient, event->recipient);
		break;
	case SMTP_QUEUED:
		add_address(&line, SPAN(" from="), event->has_sender, event->sender);
		add_number(&line, SPAN(" size="), event->size);
		add_number(&line, SPAN(" recipients="), event->recipients);
		add_optional(&line, SPAN(" id="), id);
		add_seconds(&line, milliseconds);
		break;
	case SMTP_REFUSE:
		add_number(&line, SPAN(" code="), event->code);
		add_address(&line, SPAN(" from="), event->has_sender, event->sender);
		add_address(&line, SPAN(" to="), event->has_recipient, event->recipient);
		text_add(&line.text, SPAN(" reason="));
		text_add_printable(&line.text, span_head(event->reason, LONGEST_VALUE), SPAN(""));
		break;
	case SMTP_AUTH_OK: add_optional(&line, SPAN(" user="), event->user); break;
	case SMTP_AUTH_FAIL:
		add_number(&line, SPAN(" code="), event->code);
		add_optional(&line, SPAN(" user="), event->user);
		break;
	}
	finish(&line);
}

void log_tls(const struct log *log, struct span protocol, struct span cipher)
{
	struct line line;

	begin(&line, "tls", log, log->why);
	add_optional(&line, SPAN(" protocol="), protocol);
	add_optional(&line, SPAN(" cipher="), cipher);
	finish(&line);
}

void log_end(const struct log *log, const struct smtp_totals *totals, uint64_t milliseconds)
{
	struct line line;

	begin(&line, "end", log, log->why);
	add_number(&line, SPAN(" commands="), totals->commands);
	add_number(&line, SPAN(" messages="), totals->messages);
	add_number(&line, SPAN(" bytes="), totals->bytes);
	add_seconds(&line, milliseconds);
	finish(&line);
}
