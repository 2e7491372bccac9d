/*
 * match: which rule speaks for a client.
 *
 * The order is that of tcprules(1), first hit decides: INFO@IP, INFO@=HOST, IP, =HOST, prefixes of
 * IP from the longest to the shortest (dotted and CIDR together), = with each .suffix of HOST from
 * the longest to the shortest, = alone when there is a HOST, and last the empty address. Rules are
 * never merged. INFO steps are asked only when there is an INFO, HOST steps only when there is a
 * HOST, which may be empty.
 */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "base/lookup.h"
#include "base/text.h"

/* Bytes of the longest ip, info and host. An escaped name of the DNS and an answer of RFC 1413 are
 * shorter. A client with a longer one is refused, because to skip the rules that might speak of it
 * could let in whom they deny. */
#define MATCH_LONGEST 1024

struct match_client {
	const char *ip;	  /* TCPREMOTEIP; its text is normalised when it is an address */
	const char *info; /* TCPREMOTEINFO, or NULL */
	const char *host; /* TCPREMOTEHOST, or NULL; compared as it is given */
};

struct match {
	struct text key;  /* the address of the rule that matched; init and free are the caller's */
	struct span data; /* its instructions; valid until the next lookup */
};

/* YES: a rule matched. NO: none did, and the connection is allowed. LATER: the rules cannot be
 * read or their index is damaged (or memory is short, or the client's names are longer than any
 * can be), and the connection must not be allowed. */
enum verdict match_find(const struct lookup *lookup, const struct match_client *client,
			struct match *match);

#endif
