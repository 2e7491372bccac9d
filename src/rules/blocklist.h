/*
 * blocklist: what lists in the domain name system say about a client, and what follows from it.
 *
 * All lists may be asked at once: what follows is as if they had been asked one after the other
 * until one decided. A list says by an A record of the client's name in it that he is listed, and
 * by a TXT record why; where only that is asked for, it says both. An A record outside 127.0.0.0/8,
 * or inside 127.255.255.0/24, is no listing but the sign of a list that is broken, has ended, or
 * does not serve whoever asks; then all that it says counts as not listed.
 */
#ifndef RULES_BLOCKLIST_H
#define RULES_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"

#define BLOCKLIST_TEXT 200 /* bytes of the longest reason that is passed on */

/* One kind of record. */
struct blocklist_answer {
	bool is_there;	      /* the question has been answered, or given up */
	enum verdict verdict; /* YES: there are such records. LATER: it could not be found out */
};

struct blocklist {
	bool is_allowing;  /* whoever is listed comes in, whatever later lists say */
	bool is_permanent; /* whoever is listed is refused for good */
	bool fails_closed; /* a list that cannot be asked decides against the client */
	struct span base;  /* domain */
	struct span words; /* the reason for all, with %IP% for the client; empty: the TXT record */
	struct blocklist_answer address, text;
	struct address broken_answer; /* the A record that shows that it is broken */
	bool is_broken;
	struct text reason; /* of its TXT record */
};

enum blocklist_step {
	BLOCKLIST_WAIT,	      /* a list has not answered that may decide */
	BLOCKLIST_PASS,	      /* the client comes in */
	BLOCKLIST_REFUSE,     /* for good */
	BLOCKLIST_REFUSE_NOW, /* for now */
};

/* Begin with a list, "base" or "base:words", which must stay. Its other settings are false. Whether
 * base is a domain with room for a client before it. */
bool blocklist_init(struct blocklist *list, struct span base);
void blocklist_free(struct blocklist *list);

/* Whether a list's TXT record matters. */
bool blocklist_wants_text(const struct blocklist *list);

/* Append the name of a client in a list. */
void blocklist_write_name(const struct blocklist *list, const struct address *client,
			  struct text *name);

/* The answers: all A records, and the first TXT record. */
void blocklist_take_addresses(struct blocklist *list, enum verdict verdict,
			      const struct address *addresses, size_t count);
void blocklist_take_text(struct blocklist *list, enum verdict verdict, struct span text);

/* What follows from the answers that are there. For a refusal, *reason gets its text, printable and
 * BLOCKLIST_TEXT bytes at most. */
enum blocklist_step blocklist_decide(const struct blocklist *lists, size_t count,
				     const struct address *client, struct text *reason);

/* Append words of strangers as such a reason. */
void blocklist_write_reason(struct span words, struct text *reason);

#endif
