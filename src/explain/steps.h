/*
 * steps: a recipient that was tried, told as the steps of the decision, in their order.
 *
 * Nothing is decided here. What was asked and answered, and which reply was given, says which step
 * decided; those before it let the recipient go by.
 */
#ifndef EXPLAIN_STEPS_H
#define EXPLAIN_STEPS_H

#include <stdbool.h>

#include "base/text.h"
#include "explain/trial.h"

#define STEPS_MOST 10

struct step {
	const char *name; /* for programs; never changes its meaning */
	bool decides;
	struct text says;
	struct text file; /* what it was read from; empty: nothing was */
	uint64_t line;	  /* of that file; 0: the file as a whole */
};

/* What a matched rule has set, and where it stands. */
struct steps_rule {
	struct span data; /* as of a record */
	const char *file; /* NULL: unknown */
	uint64_t line;	  /* 0: unknown */
};

struct steps {
	struct trial *trial;
	struct steps_rule rule;
	struct entries morercpthosts, recipients; /* the texts of the cdbs, once they were read */
	bool is_read;
	struct step list[STEPS_MOST];
	size_t count;
	bool failed; /* memory was short */
};

void steps_init(struct steps *steps, struct trial *trial, const struct steps_rule *rule);

/* Tell of the recipient that was tried last. */
void steps_tell(struct steps *steps);

/* The step that decided. */
const struct step *steps_decision(const struct steps *steps);

void steps_free(struct steps *steps);

#endif
