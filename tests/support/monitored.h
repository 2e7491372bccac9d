/*
 * monitored: a monitor over a fake host, and a session that is nothing but the bytes it would send.
 */
#ifndef TESTS_SUPPORT_MONITORED_H
#define TESTS_SUPPORT_MONITORED_H

#include "host/monitor.h"
#include "support/fake_host.h"

struct monitored {
	struct settings settings;
	struct direct direct;
	struct fake_host fake;
	struct monitor monitor;
	struct text bytes; /* of the session */
};

/* It hosts example.org, knows joe with the password secret, and refuses spam@spam.example. It must
 * stay where it is. */
void monitored_init(struct monitored *world);
void monitored_free(struct monitored *world);

/* Add a frame to the bytes: with these fields, with two spans, or with an event about joe. */
void monitored_put(struct monitored *world, uint32_t kind, struct span fields);
void monitored_put_two(struct monitored *world, uint32_t kind, const char *one, const char *other);
void monitored_put_event(struct monitored *world, enum smtp_event_kind kind);

#endif
