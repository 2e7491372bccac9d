#include "base/item.h"

#include <string.h>

bool item_next(struct span *data, struct span *item)
{
	size_t end = span_find(*data, '\0');

	if (end == data->length)
		return false;
	*item = span_head(*data, end);
	*data = span_tail(*data, end + 1);
	return true;
}

bool item_next_variable(struct span *data, struct span *variable)
{
	struct span item;

	while (item_next(data, &item)) {
		*variable = span_tail(item, 1);
		if (span_byte(item, 0) == '+' && span_byte(*variable, 0) != '=' &&
		    span_find(*variable, '=') < variable->length)
			return true;
	}
	return false;
}

const char *item_find_value(struct span data, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;
	struct span variable;

	while (item_next_variable(&data, &variable))
		if (span_starts(variable, span_of(name)) && span_byte(variable, length) == '=')
			value = variable.bytes + length + 1;
	return value;
}

bool item_denies(struct span data)
{
	struct span item;

	while (item_next(&data, &item))
		if (span_byte(item, 0) == 'D')
			return true;
	return false;
}
