/*
 * routes: control/smtproutes, or in its place control/smtproutes.cdb where that exists.
 */
#ifndef HOST_ROUTES_H
#define HOST_ROUTES_H

#include "base/lookup.h"
#include "base/span.h"
#include "base/text.h"
#include "unix/cdb_file.h"

struct routes {
	struct text contents; /* of smtproutes */
	struct span file;     /* the same */
	struct cdb_file database;
};

/* Read or open them. False when what is there cannot be used; *why gets the reason. No file at all
 * is no error: then there is no route. */
bool routes_open(struct routes *routes, struct text *why);

/* The lookup for route_find. LATER: the database is damaged, or was changed under our hands. */
struct lookup routes_lookup(struct routes *routes);

void routes_close(struct routes *routes);

#endif
