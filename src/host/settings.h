/*
 * settings: what the control directory and the environment say about smtpd's work.
 *
 * All of it is read once, before the first byte of the network. A file that is not there gives the
 * default; one that cannot be read, and a value that is unusable, make the whole reading fail.
 */
#ifndef HOST_SETTINGS_H
#define HOST_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "host/entries.h"
#include "smtp/session.h"
#include "unix/cdb_file.h"

/* It holds pointers into itself, and stays where it was initialised. */
struct settings {
	struct text me, greeting, local_ip_host; /* the spans in smtp are these */
	struct {
		char me[64], greeting[64], local_ip_host[64];
	} short_texts; /* where they begin */
	struct smtp_settings smtp;
	struct entries rcpthosts, badmailfrom;
	struct cdb_file morercpthosts, recipients; /* may be closed: there is none */
	uint32_t timeout_seconds;		   /* timeoutsmtpd */
	uint64_t least_rate;			   /* mindatarate, bytes a second; 0: none */
	uint32_t greet_delay;			   /* seconds; 0 for whoever may relay */
	bool is_confined;			   /* SANDBOX: the session is a process apart */
};

/* Read it all. offers_auth: there is a program that knows passwords. False on an error, with the
 * reason appended to *why. settings_free must be called in either case. */
bool settings_read(struct settings *settings, bool offers_auth, struct text *why);

/* Whether settings_read can use this value of a variable, whatever else is set: true for one that
 * it does not look at. False: *why gets the reason, in the same words. */
bool settings_variable_is_usable(struct span name, struct span value, struct text *why);

void settings_free(struct settings *settings);

#endif
