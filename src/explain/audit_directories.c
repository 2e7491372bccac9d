#include "explain/audit_directories.h"

#include <sys/stat.h>

#include "base/item.h"
#include "unix/control.h"
#include "unix/environment.h"

#define LONGEST (1024 * 1024) /* bytes of a name: no rule has room for more */

/* The same name is the same directory, and so is another name of it. Returns the count when it is
 * new. */
static size_t index_of_name(const struct audit_directories *directories, struct span name)
{
	size_t index = 0;

	while (index < directories->count &&
	       !span_equal(text_span(&directories->list[index].name), name))
		index++;
	return index;
}

static size_t index_of_file(const struct audit_directories *directories,
			    const struct audit_directory *directory)
{
	size_t index = 0;

	while (index < directories->count &&
	       !(directory->exists && directories->list[index].exists &&
		 directories->list[index].device == directory->device &&
		 directories->list[index].inode == directory->inode))
		index++;
	return index;
}

/* It is this program's own while it is looked at. */
static void look_at(struct audit_directory *directory)
{
	struct text path;
	struct stat status;

	text_init(&path, LONGEST);
	control_path("", &path);
	directory->exists = !path.failed && stat(text_string(&path), &status) == 0;
	if (directory->exists) {
		directory->device = status.st_dev;
		directory->inode = status.st_ino;
	}
	text_free(&path);
}

static void add(struct audit_directories *directories, struct audit_directory *directory,
		struct span name)
{
	text_init(&directory->name, LONGEST);
	text_add(&directory->name, name);
	directories->failed |= directory->name.failed;
	directories->list[directories->count++] = *directory;
}

void audit_directories_init(struct audit_directories *directories)
{
	struct audit_directory own = {.is_for_strangers = true};

	*directories = (struct audit_directories){.count = 0};
	look_at(&own);
	add(directories, &own, span_of(environment_get("CONTROLDIR")));
}

size_t audit_directories_take(struct audit_directories *directories, struct span data,
			      bool is_for_strangers)
{
	const char *name = item_find_value(data, "CONTROLDIR");
	size_t index = name ? index_of_name(directories, span_of(name)) : 0;
	struct audit_directory directory = {.exists = false};

	if (index == directories->count && index == AUDIT_MOST_DIRECTORIES) {
		directories->has_more = true;
		return index;
	}
	if (index == directories->count) {
		environment_set("CONTROLDIR", name);
		look_at(&directory);
		audit_directories_enter(directories, 0);
		index = index_of_file(directories, &directory);
	}
	if (index == directories->count)
		add(directories, &directory, span_of(name));
	directories->list[index].is_for_strangers |= is_for_strangers;
	return index;
}

void audit_directories_enter(const struct audit_directories *directories, size_t index)
{
	environment_set("CONTROLDIR", text_string(&directories->list[index].name));
}

void audit_directories_free(struct audit_directories *directories)
{
	for (size_t index = 0; index < directories->count; index++)
		text_free(&directories->list[index].name);
	directories->count = 0;
}
