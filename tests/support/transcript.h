/*
 * transcript: a recorded conversation, read from a file that a person can write.
 *
 * Lines at the top that begin with "! " set up the world:
 *     ! hosted DOMAIN            ! mailbox ADDRESS          ! badsender ADDRESS
 *     ! own ADDRESS              ! relay [SUFFIX]           ! unknown          ! odd
 *     ! nolist                   ! databytes N              ! recipients N     ! errors N
 *     ! tls offered|broken|on    ! auth   ! needtls   ! needauth   ! clearauth
 *     ! user NAME PASSWORD
 *     ! tarpit COUNT SECONDS     ! later N (the Nth question is answered LATER)
 *     ! commit yes|no|later [CODE TEXT]
 *     ! end gone|timeout|shutdown     how it ends, when the client has said all
 * A line "!tls" is where the client begins to speak TLS, if the server lets it.
 * Every other line is sent with CRLF behind it. In it \r \n \0 \\ and \xHH stand for bytes, \{N}c
 * for N times the next byte; \c at its end means that no CRLF follows; a line "%N TEXT" is sent N
 * times.
 */
#ifndef TESTS_SUPPORT_TRANSCRIPT_H
#define TESTS_SUPPORT_TRANSCRIPT_H

#include "support/fake_host.h"

struct transcript {
	struct smtp_settings settings;
	struct text suffix; /* what settings.relay_suffix points to */
	struct text input;
	size_t starts_tls; /* index in input; input.length: never */
	bool has_end;
	enum smtp_end end;
};

/* Read a conversation; fails an assertion on a line that means nothing. */
void transcript_read(struct span file, struct transcript *transcript, struct fake_host *fake);
void transcript_free(struct transcript *transcript);

/* Call check for each conversation of tests/smtp, by its name; returns how many there are. */
unsigned transcript_each(void (*check)(const char *name));

/* Settings as the programs have them without any control file. */
struct smtp_settings transcript_settings(void);

/* Hold the conversation, the input cut at random if seed is not 0, into single bytes if it is 1. */
void transcript_play(const struct transcript *transcript, struct fake_host *fake, uint32_t seed);

/* The same over any host, which secured tells that TLS is up; it may be NULL. */
void transcript_hold(const struct transcript *transcript, const struct smtp_host *host,
		     void (*secured)(void *world), uint32_t seed);

#endif
