/*
 * names: what can be found out about a connection by asking the network.
 *
 * All questions are asked at once and share one deadline; whatever has no answer by then is not
 * known. Names come from strangers and are printable.
 */
#ifndef UNIX_NAMES_H
#define UNIX_NAMES_H

#include "base/text.h"
#include "unix/connection.h"
#include "unix/names_wanted.h"

struct names {
	struct text local_host, remote_host, remote_info;
	struct connection_names known; /* NULL, or the string in one of them */
};

/* Find out what is wanted. Never fails: trouble is a warning in the log, and names not known. */
void names_find(const struct connection *connection, const struct names_wanted *wanted,
		struct names *names);

void names_free(struct names *names);

#endif
