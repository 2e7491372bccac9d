#include "host/routes.h"

#include <errno.h>

#include "queue/route.h"
#include "unix/control.h"

bool routes_open(struct routes *routes, struct text *why)
{
	bool is_good = false;
	struct text path;

	text_init(&routes->contents, CONTROL_LARGEST);
	text_init(&path, 4096);
	routes->database = (struct cdb_file){.is_open = false};
	control_path("smtproutes.cdb", &path);
	errno = ENAMETOOLONG; /* a path that is none must not pass for a file that is not there */
	if (!path.failed && cdb_file_open(&routes->database, text_string(&path)) == 0) {
		is_good = true;
	} else if (errno == ENOENT) {
		is_good = control_read("smtproutes", &routes->contents, why) != VERDICT_LATER;
	} else {
		const char *reason = cdb_file_reason(errno);

		text_add_string(why, "unable to read ");
		text_add_string(why, text_string(&path));
		text_add_string(why, ": ");
		text_add_string(why, reason);
	}
	routes->file = text_span(&routes->contents);
	text_free(&path);
	return is_good;
}

static enum verdict find(void *world, struct span key, struct span *route)
{
	struct routes *routes = world;
	enum verdict verdict;

	if (!routes->database.is_open)
		return route_find_line(&routes->file, key, route);
	verdict = cdb_file_find(&routes->database, key, route);
	return cdb_file_is_unchanged(&routes->database) ? verdict : VERDICT_LATER;
}

struct lookup routes_lookup(struct routes *routes)
{
	return (struct lookup){routes, find};
}

void routes_close(struct routes *routes)
{
	cdb_file_close(&routes->database);
	text_free(&routes->contents);
}
