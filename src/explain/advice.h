/*
 * advice: what an administrator can do about a recipient that was refused, and when he should not.
 *
 * With the client's own address and the administrator's own file names, ready to be copied into a
 * shell or an editor.
 */
#ifndef EXPLAIN_ADVICE_H
#define EXPLAIN_ADVICE_H

#include "base/address.h"
#include "base/text.h"
#include "explain/trial.h"

struct advice_about {
	struct address client;
	const char *rules, *cdb; /* names of the rules' text and of the compiled; or NULL */
	struct span data;	 /* of the rule that matched */
	struct span key;	 /* its address; a null pointer: none matched */
	uint64_t line;		 /* where it stands; 0: unknown */
	struct span text;	 /* that line */
};

/* Append lines, each with LF. Those to be copied begin with blanks. Nothing for a recipient that
 * was accepted, or for whom there is nothing to say. */
void advice_write(const struct trial *trial, const struct advice_about *about, struct text *out);

/* The same for a client whom a rule denies. */
void advice_write_denied(const struct advice_about *about, struct text *out);

#endif
