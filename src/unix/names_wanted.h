/*
 * names_wanted: which names of a connection shall be looked up, by the options that tcpserver,
 * tcp-env and tcpaccess share.
 */
#ifndef UNIX_NAMES_WANTED_H
#define UNIX_NAMES_WANTED_H

#include <stdbool.h>
#include <stdint.h>

#define NAMES_LETTERS "hHpPrRt:l:" /* for options_next */

struct names_wanted {
	bool remote_host;	  /* -h, -H: the client's, from DNS; with it this host's */
	bool is_remote_host_said; /* either of them was given */
	bool is_paranoid;	  /* -p, -P: only a name that leads back to the address */
	bool remote_info;	  /* -r, -R: from the client's ident server */
	const char *local_host;	  /* -l: not to be looked up; NULL when not given */
	uint32_t timeout_seconds; /* -t: for all of it */
};

#define NAMES_WANTED_NONE ((struct names_wanted){.timeout_seconds = 26})

/* Take one of these options. Returns NULL, or what is wrong with its value. */
const char *names_wanted_option(struct names_wanted *wanted, int letter, const char *value);

#endif
