#include "rules/rule.h"

bool rule_init(struct rule *rule)
{
	*rule = (struct rule){.warning_count = 0};
	text_init(&rule->data, RULE_LONGEST_LINE + PATTERN_EXTRA);
	text_init(&rule->room, RULE_LONGEST_LINE + PATTERN_EXTRA);
	text_init(&rule->instructions, RULE_LONGEST_LINE);
	if (text_reserve(&rule->instructions, rule->instructions.maximum) &&
	    text_reserve(&rule->data, rule->data.maximum) &&
	    text_reserve(&rule->room, rule->room.maximum))
		return true;
	rule_free(rule);
	return false;
}

void rule_free(struct rule *rule)
{
	text_free(&rule->data);
	text_free(&rule->room);
	text_free(&rule->instructions);
}

static void warn_of(struct rule *rule, const char *warning)
{
	if (warning && rule->warning_count < RULE_MOST_WARNINGS)
		rule->warnings[rule->warning_count++] = warning;
}

static bool malformed(struct text *why, const char *reason)
{
	text_add_string(why, reason);
	return false;
}

static bool begins_instructions(struct span text)
{
	int byte = span_byte(text, 0);

	return (byte == 'a' && span_starts(text, SPAN("allow"))) ||
	       (byte == 'd' && span_starts(text, SPAN("deny")));
}

static const char *reason_for_no_instructions(struct span text)
{
	int byte = span_byte(text, 0);

	if (byte == ' ' || byte == '\t')
		return "a blank behind the colon, where allow or deny must follow";
	return "neither allow nor deny behind the address";
}

/* The address ends at the first colon with allow or deny behind it. One that holds colons itself is
 * an IPv6 address; when it is none, the search goes on. */
static bool read_address(struct rule *rule, struct span line, size_t first,
			 struct span *instructions, struct text *why)
{
	size_t before = why->length, colon = first;
	bool was_tried = false;

	while (colon < line.length && (colon == first || colon <= PATTERN_LONGEST_WITH_COLONS)) {
		*instructions = span_tail(line, colon + 1);
		if (begins_instructions(*instructions)) {
			size_t length = why->length;

			if (pattern_read(span_head(line, colon), &rule->pattern, &rule->room,
					 why)) {
				text_cut(why, before);
				return true;
			}
			if (colon == first)
				return false;
			if (was_tried) /* the first reason is the one to tell */
				text_cut(why, length);
			was_tried = true;
		}
		colon += 1 + span_find(*instructions, ':');
	}
	if (!was_tried)
		text_add_string(why, reason_for_no_instructions(span_tail(line, first + 1)));
	return false;
}

/* Whoever set a variable of such a name meant another. There are programs that ask for names which
 * no shell can set, with a dot or a hyphen. */
static const char *flaw_of_variable(struct span name)
{
	if (name.length == 0)
		return "a variable without a name";
	if (name.bytes[0] == '-')
		return "a - before a variable's name does not unset it";
	if (span_has(name, ','))
		return "a comma in a variable's name: each needs a value of its own";
	if (span_has(name, '"') || span_has(name, '\''))
		return "a quote in a variable's name: only values have them";
	if (span_has(name, ' ') || span_has(name, '\t'))
		return "a blank in a variable's name";
	return span_has_control(name) ? "a control character in a variable's name" : NULL;
}

/* What is appended to a domain makes another one of it, which nobody means by such a value. */
static const char *flaw_of_suffix(struct span value)
{
	static const struct span flags[] = {
		{"1", 1}, {"y", 1}, {"yes", 3}, {"on", 2}, {"true", 4}, {"allow", 5},
	};

	for (size_t index = 0; index < sizeof(flags) / sizeof(*flags); index++)
		if (span_equal_folded(value, flags[index]))
			return "this value is appended to each recipient's domain: to append "
			       "nothing write RELAYCLIENT=\"\"";
	return NULL;
}

/* Cut one NAME=QvalueQ off the front of *text. */
static bool read_variable(struct rule *rule, struct span *text, struct text *why)
{
	struct span name = span_head(*text, span_find(*text, '='));
	struct span quoted = span_tail(*text, name.length + 1), value;

	if (name.length == text->length)
		return malformed(why, name.length ? "no = behind a variable's name"
						  : "nothing behind the last comma");
	if (quoted.length == 0)
		return malformed(why, "no quote behind =");
	value = span_tail(quoted, 1);
	value = span_head(value, span_find(value, quoted.bytes[0]));
	if (value.length + 1 == quoted.length)
		return malformed(why, "no closing quote behind a value");
	if (!rule->instructions_flaw)
		rule->instructions_flaw = flaw_of_variable(name);
	if (span_equal(name, SPAN("RELAYCLIENT"))) {
		rule->sets_relayclient = true;
		if (!rule->instructions_flaw && span_byte(text_span(&rule->data), 0) != 'D')
			rule->instructions_flaw = flaw_of_suffix(value);
	}
	text_add_byte(&rule->data, '+');
	text_add(&rule->data, (struct span){name.bytes, name.length + 1});
	text_add(&rule->data, value);
	text_add_byte(&rule->data, '\0');
	*text = span_tail(quoted, value.length + 2);
	return true;
}

static bool read_instructions(struct rule *rule, struct span text, struct text *why)
{
	bool denies = span_byte(text, 0) == 'd';

	text_clear(&rule->data);
	rule->sets_relayclient = false;
	rule->instructions_flaw = NULL;
	if (denies)
		text_add(&rule->data, SPAN("D\0"));
	text = span_tail(text, denies ? 4 : 5);
	while (text.length) {
		if (text.bytes[0] == '\r' && text.length == 1)
			return malformed(why, "a carriage return at the end of the line");
		if (text.bytes[0] != ',')
			return malformed(why, "neither a comma nor the end behind allow, deny or "
					      "a value");
		text = span_tail(text, 1);
		if (!read_variable(rule, &text, why))
			return false;
	}
	rule->sets_relayclient &= !denies;
	return true;
}

static bool take_instructions(struct rule *rule, struct span text, struct text *why)
{
	if (!span_equal(text_span(&rule->instructions), text)) {
		text_clear(&rule->instructions);
		if (!read_instructions(rule, text, why))
			return false;
		text_add(&rule->instructions, text);
	}
	if (rule->sets_relayclient && rule->pattern.reach == REACH_EVERYONE)
		warn_of(rule, "RELAYCLIENT for everyone");
	else if (rule->sets_relayclient && rule->pattern.reach == REACH_WIDE)
		warn_of(rule, "RELAYCLIENT for a network larger than /8 of IPv4 or /16 of IPv6");
	warn_of(rule, rule->instructions_flaw);
	return true;
}

enum rule_kind rule_read(struct rule *rule, struct span line, struct text *why)
{
	struct span text = span_trim_end(line), instructions = {NULL, 0};
	size_t colon;

	rule->warning_count = 0;
	if (text.length == 0 || line.bytes[0] == '#')
		return RULE_NONE;
	colon = span_find(text, ':');
	if (span_byte(span_trim_start(text), 0) == '#')
		warn_of(rule, "a blank before #, so that this is no comment");
	else if (colon == text.length)
		warn_of(rule, "no colon, so that this is no rule");
	if (span_find(text, '\0') < text.length)
		warn_of(rule, "a NUL byte");
	if (colon == text.length)
		return RULE_NONE;
	if (!read_address(rule, text, colon, &instructions, why))
		return RULE_MALFORMED;
	if (rule->warning_count == 0)
		warn_of(rule, rule->pattern.flaw);
	return take_instructions(rule, instructions, why) ? RULE_GOOD : RULE_MALFORMED;
}

bool rule_next_key(struct rule *rule, struct span *key)
{
	return pattern_next_key(&rule->pattern, &rule->room, key);
}
