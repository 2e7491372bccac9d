#include "smtp/command.h"

const struct smtp_command_row smtp_commands[VERB_COUNT] = {
	[VERB_UNKNOWN] = {"", PHASE_ANY, ARGUMENT_OPTIONAL},
	[VERB_HELO] = {"helo", PHASE_ANY, ARGUMENT_REQUIRED},
	[VERB_EHLO] = {"ehlo", PHASE_ANY, ARGUMENT_REQUIRED},
	[VERB_MAIL] = {"mail", PHASE_IDLE, ARGUMENT_REQUIRED},
	[VERB_RCPT] = {"rcpt", PHASE_SENDER | PHASE_RECIPIENTS, ARGUMENT_REQUIRED},
	[VERB_DATA] = {"data", PHASE_RECIPIENTS, ARGUMENT_NONE},
	/* Its bytes follow whether it is in order or not: the handler looks at the phase. */
	[VERB_BDAT] = {"bdat", PHASE_ANY, ARGUMENT_REQUIRED},
	[VERB_RSET] = {"rset", PHASE_ANY, ARGUMENT_NONE},
	[VERB_NOOP] = {"noop", PHASE_ANY, ARGUMENT_OPTIONAL},
	[VERB_VRFY] = {"vrfy", PHASE_ANY, ARGUMENT_OPTIONAL},
	[VERB_HELP] = {"help", PHASE_ANY, ARGUMENT_OPTIONAL},
	[VERB_AUTH] = {"auth", PHASE_IDLE, ARGUMENT_REQUIRED},
	[VERB_STARTTLS] = {"starttls", PHASE_ANY, ARGUMENT_NONE},
	[VERB_QUIT] = {"quit", PHASE_ANY, ARGUMENT_NONE},
};

enum smtp_verb command_read(struct span line, struct span *argument)
{
	size_t blank = span_find(line, ' ');
	struct span verb = span_head(line, blank);

	*argument = span_trim_end(span_trim_start(span_tail(line, blank)));
	for (int number = 1; number < VERB_COUNT; number++)
		if (span_equal_folded(verb, span_of(smtp_commands[number].verb)))
			return (enum smtp_verb)number;
	return VERB_UNKNOWN;
}

bool command_is_http(struct span line)
{
	static const struct span version = {" HTTP/", 6};
	struct span trimmed = span_trim_end(line);

	return span_starts_folded(span_tail(trimmed, span_find_last(trimmed, ' ')), version);
}
