/*
 * dns: names and records from the domain name system; several questions at once, none of which
 * blocks.
 *
 * The servers are those of DNSCACHEIP (see dns_servers) where it is set, else those of
 * resolv.conf(5). Only DNS is asked, no other source of names, and no search list is used. Names
 * come from strangers: they are made lower case and printable, and are no longer than DNS allows.
 */
#ifndef UNIX_DNS_H
#define UNIX_DNS_H

#include <poll.h>
#include <stdbool.h>

#include "base/address.h"
#include "base/text.h"
#include "base/verdict.h"

#define DNS_POLLS     16   /* descriptors that may have to be waited for */
#define DNS_ADDRESSES 64   /* most that a name may have */
#define DNS_TEXT      1024 /* bytes kept of a text */

struct dns; /* opaque */

struct dns_name {
	struct address address;
	bool must_lead_back;  /* to the address, or it counts for nothing */
	enum verdict verdict; /* YES: name is set. NO: it has none. LATER: no answer yet, or ever */
	struct text name;     /* free it */
	struct dns *dns;
};

/* The records of one type that a name has. */
struct dns_records {
	bool is_there;	      /* the question has been answered, or given up */
	enum verdict verdict; /* YES: there are some. NO: none. LATER: no answer yet, or ever, or
				 too many */
	struct address addresses[DNS_ADDRESSES]; /* of A records */
	size_t count;
	struct text text; /* of the first TXT record, its strings put together; free it */
	struct dns *dns;
};

/* Returns NULL with the reason appended to *why. */
struct dns *dns_new(struct text *why);

/* Forget all questions that are not answered, their verdict stays LATER. NULL allowed. */
void dns_free(struct dns *dns);

/* Ask for the name of an address. *question must stay until it is answered or dns is freed. */
void dns_ask_name(struct dns *dns, struct dns_name *question, const struct address *address,
		  bool must_lead_back);

/* Ask for the A records of a name, or for its TXT records. *question must stay, as above. */
void dns_ask_addresses(struct dns *dns, struct dns_records *question, const char *name);
void dns_ask_text(struct dns *dns, struct dns_records *question, const char *name);

/* Whether there are questions to wait for. */
bool dns_is_waiting(const struct dns *dns);

/* Fill in what to wait for; returns how many, and cuts *timeout, in milliseconds, so that a
 * question can be repeated in time. */
size_t dns_polls(struct dns *dns, struct pollfd polls[DNS_POLLS], int *timeout);

/* Go on with what poll(2) says of these, which may be that time has passed. */
void dns_continue(struct dns *dns, const struct pollfd *polls, size_t count);

#endif
