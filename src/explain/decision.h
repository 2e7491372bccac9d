/*
 * decision: which rule speaks for a client, with all that was asked to find it.
 *
 * The rules are asked as tcpserver asks them, by match_find and of the compiled database. Beside it
 * the text that the database was compiled from can be read: it tells whether the database still is
 * what the text says, and the line of the rule where it still has that. Without a database the text
 * is asked.
 */
#ifndef EXPLAIN_DECISION_H
#define EXPLAIN_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/record.h"
#include "base/text.h"
#include "rules/match.h"
#include "rules/source.h"
#include "unix/cdb_file.h"

struct decision {
	const char *cdb, *text;	    /* file names, or NULL */
	struct match_client client; /* its ip in the one form in which clients are compared */

	struct record record; /* of what was asked */
	struct match match;
	struct text data;     /* of the rule that matched */
	enum verdict verdict; /* YES: a rule matched */
	bool is_denied;
	struct span line;     /* of the text, with the rule */
	uint64_t number;      /* of that line; 0: unknown, or the text does not say this */
	struct text warnings; /* lines */
	bool is_same;	      /* the database is what the text compiles to */
	bool is_older;	      /* it is that, but older than the text */

	/* Its own. */
	struct cdb_file file;
	struct source source;
	bool has_source;
};

/* The names and what the client points to must stay. decision_free must be called in any case. */
void decision_init(struct decision *decision, const char *cdb, const char *text,
		   const struct match_client *client);

/* Find the rule. False when it cannot be told, with the reason appended to *why: then tcpserver
 * would drop the connection. */
bool decision_make(struct decision *decision, struct text *why);

/* Set in this program's own environment what smtpd would find there, in the order in which
 * tcpserver does. */
void decision_set_environment(const struct decision *decision);

void decision_free(struct decision *decision);

#endif
