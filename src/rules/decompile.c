#include "rules/decompile.h"

#include <string.h>

/* A byte that the value does not have, to quote it with: a quotation mark if that can be, otherwise
 * one that is seen, and a blank last, which makes no line where the line ends in it. */
static int find_quote(struct span value)
{
	static const char usual[] = "\"'/|!%";

	for (size_t index = 0; index < sizeof(usual) - 1; index++)
		if (span_find(value, usual[index]) == value.length)
			return (unsigned char)usual[index];
	for (int step = 0; step < 256; step++) {
		int byte = (' ' + 1 + step) % 256;

		if (byte != '\n' && span_find(value, (char)byte) == value.length)
			return byte;
	}
	return -1;
}

static bool add_variable(struct span item, struct text *line)
{
	size_t equals = span_find(item, '=');
	struct span value = span_tail(item, equals + 1);
	int quote = find_quote(value);

	if (equals == item.length || quote == -1)
		return false;
	text_add_byte(line, ',');
	text_add(line, span_head(item, equals + 1));
	text_add_byte(line, (char)quote);
	text_add(line, value);
	text_add_byte(line, (char)quote);
	return true;
}

/* Where the first item ends: at a NUL with the next item, or nothing, behind it. One inside a name
 * or a value is like any byte, though whoever heeds the rule takes it for an end. */
static size_t item_end(struct span data)
{
	size_t end = span_find(data, '\0');

	while (end + 1 < data.length && data.bytes[end + 1] != '+')
		end += 1 + span_find(span_tail(data, end + 1), '\0');
	return end;
}

static bool add_instructions(struct span data, struct text *line)
{
	bool denies = span_starts(data, SPAN("D\0"));
	size_t end;

	text_add_string(line, denies ? ":deny" : ":allow");
	data = span_tail(data, denies ? 2 : 0);
	while ((end = item_end(data)) < data.length) {
		struct span item = span_head(data, end);

		data = span_tail(data, end + 1);
		if (span_byte(item, 0) != '+' || !add_variable(span_tail(item, 1), line))
			return false;
	}
	return data.length == 0;
}

static bool adds_to_index(const struct pattern *pattern, const struct prefix_lengths *indexed)
{
	return pattern->is_indexed && indexed &&
	       !prefix_lengths_have(indexed, pattern->version, pattern->prefix_length);
}

/* Whether a line compiles to this record and to nothing else. */
static bool is_its_line(struct rule *reader, const struct prefix_lengths *indexed, struct span line,
			struct span key, struct span data)
{
	struct span got;
	struct text why;
	bool is_it;

	text_init(&why, 1000);
	is_it = line.length <= RULE_LONGEST_LINE && span_find(line, '\n') == line.length &&
		rule_read(reader, line, &why) == RULE_GOOD && rule_next_key(reader, &got) &&
		span_equal(got, key) && span_equal(text_span(&reader->data), data) &&
		!rule_next_key(reader, &got) && !adds_to_index(&reader->pattern, indexed);
	text_free(&why);
	return is_it;
}

/* Append the line of a record, if there is one. What stands before the key is for it. */
static bool add_line(struct rule *reader, const struct prefix_lengths *indexed, struct span before,
		     struct span key, struct span data, struct text *line)
{
	size_t start = line->length;

	text_add(line, before);
	text_add(line, key);
	if (add_instructions(data, line) && !line->failed &&
	    is_its_line(reader, indexed, span_tail(text_span(line), start), key, data)) {
		text_add_byte(line, '\n');
		if (!line->failed)
			return true;
	}
	text_cut(line, start);
	return false;
}

/* A key with a slash or a hyphen in it can be what it looks like, or else one of those that a range
 * stands for, or an older compiler's: then its first number becomes a range of one. */
bool decompile(struct rule *reader, const struct prefix_lengths *indexed, struct span key,
	       struct span data, struct text *line)
{
	struct span first = span_head(key, span_find(key, '.'));
	char range[4];

	if (add_line(reader, indexed, (struct span){NULL, 0}, key, data, line))
		return true;
	if (first.length == 0 || first.length >= sizeof(range))
		return false;
	memcpy(range, first.bytes, first.length);
	range[first.length] = '-';
	return add_line(reader, indexed, (struct span){range, first.length + 1}, key, data, line);
}
