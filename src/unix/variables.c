#include "unix/variables.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/item.h"

#define LARGEST	   (4 * 1024 * 1024) /* bytes of all variables set; the kernel takes fewer */
#define MOST	   16384	     /* variables set: more than a rule has room for */
#define FIRST_ROOM 32		     /* variables */

static int init(struct variables *variables, char *const inherited[], size_t count)
{
	*variables = (struct variables){.failed = false};
	text_init(&variables->own, LARGEST);
	variables->inherited = malloc((count + 1) * sizeof(char *));
	if (!variables->inherited)
		return -1;
	memcpy(variables->inherited, inherited, count * sizeof(char *));
	variables->inherited_count = count;
	return 0;
}

int variables_init(struct variables *variables, char *const environment[])
{
	size_t count = 0;

	while (environment[count])
		count++;
	return init(variables, environment, count);
}

int variables_copy(struct variables *to, const struct variables *from)
{
	return init(to, from->inherited, from->inherited_count);
}

void variables_free(struct variables *variables)
{
	free(variables->inherited);
	free(variables->offsets);
	free(variables->array);
	text_free(&variables->own);
	*variables = (struct variables){.failed = false};
}

static bool has_name(const char *variable, struct span name)
{
	return strncmp(variable, name.bytes, name.length) == 0 && variable[name.length] == '=';
}

void variables_drop(struct variables *variables, const char *name)
{
	size_t kept = 0;

	for (size_t index = 0; index < variables->inherited_count; index++)
		if (!has_name(variables->inherited[index], span_of(name)))
			variables->inherited[kept++] = variables->inherited[index];
	variables->inherited_count = kept;
}

void variables_clear(struct variables *variables)
{
	text_clear(&variables->own);
	variables->offsets_count = 0;
	variables->failed = false;
}

/* The strings that were set are few, so the earlier one of the same name is looked for among them
 * at once; the inherited ones are left out when the array is made. */
static void begin(struct variables *variables, struct span name)
{
	variables->failed = variables->failed || variables->own.failed;
	if (variables->failed) /* the last one that was begun may not be there */
		return;
	for (size_t index = 0; index < variables->offsets_count; index++) {
		if (!has_name(variables->own.bytes + variables->offsets[index], name))
			continue;
		variables->offsets_count--;
		memmove(variables->offsets + index, variables->offsets + index + 1,
			(variables->offsets_count - index) * sizeof(size_t));
		break;
	}
	if (variables->offsets_count == variables->offsets_capacity) {
		size_t capacity =
			variables->offsets_capacity ? variables->offsets_capacity * 2 : FIRST_ROOM;
		size_t *offsets = capacity > MOST
					  ? NULL
					  : realloc(variables->offsets, capacity * sizeof(size_t));

		if (!offsets) {
			variables->failed = true;
			return;
		}
		variables->offsets = offsets;
		variables->offsets_capacity = capacity;
	}
	variables->offsets[variables->offsets_count++] = variables->own.length;
}

void variables_set(struct variables *variables, const char *name, const char *value)
{
	begin(variables, span_of(name));
	text_add_string(&variables->own, name);
	text_add_byte(&variables->own, '=');
	text_add_string(&variables->own, value);
	text_add_byte(&variables->own, '\0');
}

void variables_set_items(struct variables *variables, struct span data)
{
	struct span item;

	while (!variables->failed && item_next_variable(&data, &item)) {
		begin(variables, span_head(item, span_find(item, '=')));
		text_add(&variables->own, item);
		text_add_byte(&variables->own, '\0');
	}
}

static bool is_replaced(const struct variables *variables, const char *inherited)
{
	struct span name = span_of(inherited);

	name = span_head(name, span_find(name, '='));
	for (size_t index = 0; index < variables->offsets_count; index++)
		if (has_name(variables->own.bytes + variables->offsets[index], name))
			return true;
	return false;
}

char **variables_array(struct variables *variables)
{
	size_t most = variables->inherited_count + variables->offsets_count + 1, count = 0;
	bool begins_one[UCHAR_MAX + 1] = {false}; /* spares most inherited ones the comparing */

	errno = ENOMEM;
	if (variables->failed || variables->own.failed)
		return NULL;
	if (most > variables->array_capacity) {
		char **array = realloc(variables->array, most * sizeof(char *));

		if (!array)
			return NULL;
		variables->array = array;
		variables->array_capacity = most;
	}
	for (size_t index = 0; index < variables->offsets_count; index++)
		begins_one[(unsigned char)variables->own.bytes[variables->offsets[index]]] = true;
	for (size_t index = 0; index < variables->inherited_count; index++) {
		char *inherited = variables->inherited[index];

		if (!begins_one[(unsigned char)*inherited] || !is_replaced(variables, inherited))
			variables->array[count++] = inherited;
	}
	for (size_t index = 0; index < variables->offsets_count; index++)
		variables->array[count++] = variables->own.bytes + variables->offsets[index];
	variables->array[count] = NULL;
	return variables->array;
}
