/*
 * Any record of a compiled database: what is shown of it is one line that compiles to it and to
 * nothing else, and the environment that its instructions make has each name once, with the value
 * that was set last.
 *
 * The first byte is the length of the key, which follows; the rest is the data.
 */
#include <assert.h>
#include <string.h>

#include "base/item.h"
#include "rules/decompile.h"
#include "unix/variables.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_line(struct span line, struct span key, struct span data)
{
	struct rule reader;
	struct span got;
	struct text why;

	if (!rule_init(&reader))
		return;
	text_init(&why, 1000);
	assert(line.length && span_find(line, '\n') == line.length - 1);
	line = span_head(line, line.length - 1);
	assert(rule_read(&reader, line, &why) == RULE_GOOD && why.length == 0);
	assert(rule_next_key(&reader, &got) && span_equal(got, key));
	assert(span_equal(text_span(&reader.data), data));
	assert(!rule_next_key(&reader, &got));
	text_free(&why);
	rule_free(&reader);
}

/* The value that the data sets for a name, or the null span. */
static struct span value_of(struct span data, struct span name)
{
	struct span value = {NULL, 0};
	size_t end;

	while ((end = span_find(data, '\0')) < data.length) {
		struct span item = span_tail(span_head(data, end), 1);
		size_t equals = span_find(item, '=');

		if (data.bytes[0] == '+' && equals < item.length &&
		    span_equal(span_head(item, equals), name))
			value = span_tail(item, equals + 1);
		data = span_tail(data, end + 1);
	}
	return value;
}

static void check_environment(struct span data)
{
	static char path[] = "PATH=/bin", relay[] = "RELAYCLIENT=", tcp[] = "TCPREMOTEIP=192.0.2.1";
	char *const inherited[] = {path, relay, tcp, NULL};
	struct variables variables;
	char **array;

	if (variables_init(&variables, inherited) == -1)
		return;
	variables_drop(&variables, "RELAYCLIENT");
	variables_clear(&variables);
	variables_set_items(&variables, data);
	array = variables_array(&variables);
	for (size_t index = 0; array && array[index]; index++) {
		struct span string = span_of(array[index]), value;
		struct span name = span_head(string, span_find(string, '='));

		assert(name.length < string.length);
		value = value_of(data, name);
		assert(value.bytes ? span_equal(value, span_tail(string, name.length + 1))
				   : array[index] == path || array[index] == tcp);
		for (size_t before = 0; before < index && before < 8; before++)
			assert(!span_starts(span_of(array[before]),
					    span_head(string, name.length + 1)));
	}
	variables_free(&variables);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span all = {(const char *)bytes, size}, key, data;
	struct rule reader;
	struct text line;

	if (size == 0)
		return 0;
	key = span_head(span_tail(all, 1), bytes[0]);
	data = span_tail(all, 1 + bytes[0]);
	check_environment(data);
	item_denies(data);
	if (!rule_init(&reader))
		return 0;
	text_init(&line, 1024 * 1024);
	text_add_string(&line, "before\n");
	if (decompile(&reader, NULL, key, data, &line))
		check_line(span_tail(text_span(&line), 7), key, data);
	else
		assert(line.length == 7);
	text_free(&line);
	rule_free(&reader);
	return 0;
}
