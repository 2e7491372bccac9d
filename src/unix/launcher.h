/*
 * launcher: take connections and start a program for each that may come in.
 *
 * One process. Children have the connection as descriptors 0 and 1, this process's 2, and nothing
 * else. However many connections come and whatever this machine runs short of: it waits, says so
 * once in a while, and goes on. It leaves no zombie and no descriptor behind.
 */
#ifndef UNIX_LAUNCHER_H
#define UNIX_LAUNCHER_H

#include "base/verdict.h"
#include "unix/listener.h"
#include "unix/variables.h"

/* Who may come in. */
struct launcher_policy {
	void *world;	    /* handed back as first argument */
	const char *source; /* what judge reads, for the log */
	/* YES: start the program. NO: denied. LATER with errno: the source cannot be read; such a
	 * client is dropped, too, and where this machine is short of something others wait. */
	enum verdict (*judge)(void *world, const struct address *client);
	/* After YES: set what this client's program gets beside the connection's own variables. */
	void (*grant)(void *world, struct variables *variables);
};

struct launcher {
	const struct listeners *listeners;
	uint32_t limit;		  /* of children; more clients have to wait */
	uint32_t limit_of_client; /* more of one client are dropped; 0: no limit */
	const char *banner;	  /* written at once; or NULL */
	const char *local_host;	  /* the name of this end; or NULL */
	bool must_kill_ip_options;
	bool is_verbose;  /* write the traditional lines */
	const char *file; /* the program, found in PATH */
	char **program;	  /* its arguments, its name first */
	/* The variables of a connection are not in this process's own environment. judge NULL: all
	 * come in, the program judges, and says so itself. */
	struct launcher_policy policy;
};

/* Call first: until it runs SIGTERM ends the process with 0, even one that waits for the name of a
 * host to be found, and the other signals that it handles stay pending. */
void launcher_prepare_signals(void);

/* Serve until SIGTERM; children live on. *variables is what every child inherits. Returns 0 then,
 * or -1 with errno when it could not begin. */
int launcher_run(const struct launcher *launcher, const struct variables *variables);

#endif
