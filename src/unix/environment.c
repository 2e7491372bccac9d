#include "unix/environment.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/item.h"
#include "unix/report.h"

/* The value of a variable that has this name, or NULL. */
static const char *value_of(const char *variable, const char *name)
{
	while (*name && *variable == *name) {
		variable++;
		name++;
	}
	return *name == '\0' && *variable == '=' ? variable + 1 : NULL;
}

/* As getenv(3), without a call for each variable. */
const char *environment_get(const char *name)
{
	const char *value = NULL;

	for (char **variable = environ; *name && variable && *variable && !value; variable++)
		value = value_of(*variable, name);
	return value;
}

const char *environment_require(const char *name)
{
	const char *value = environment_get(name);

	if (!value)
		die(EXIT_PERMANENT, "%s is not set", name);
	return value;
}

/* Of two variables with one name setenv(3) changes the first, and the next program may heed the
 * other. */
static void keep_first(const char *name)
{
	bool is_there = false;
	char **kept = environ;

	for (char **variable = environ; *variable; variable++) {
		bool is_it = value_of(*variable, name) != NULL;

		if (!is_it || !is_there)
			*kept++ = *variable;
		is_there = is_there || is_it;
	}
	*kept = NULL;
}

void environment_set(const char *name, const char *value)
{
	if (setenv(name, value, 1) == -1)
		die_errno(EXIT_TEMPORARY, "unable to set %s", name);
	keep_first(name);
}

void environment_set_number(const char *name, unsigned long number)
{
	char value[24];

	snprintf(value, sizeof(value), "%lu", number);
	environment_set(name, value);
}

void environment_unset(const char *name)
{
	if (unsetenv(name) == -1)
		die_errno(EXIT_TEMPORARY, "unable to unset %s", name);
}

void environment_unset_all(const char *prefix)
{
	size_t length = strlen(prefix);
	char **kept = environ;

	for (char **variable = environ; variable && *variable; variable++)
		if (strncmp(*variable, prefix, length) != 0)
			*kept++ = *variable;
	if (kept)
		*kept = NULL;
}

void environment_set_items(struct span data)
{
	struct span item;

	while (item_next_variable(&data, &item)) {
		char *variable = strdup(item.bytes); /* the item's NUL is in the data */

		if (!variable)
			die_errno(EXIT_TEMPORARY, "unable to set a variable");
		variable[span_find(item, '=')] = '\0';
		environment_set(variable, variable + strlen(variable) + 1);
		free(variable);
	}
}
