/*
 * findings: what an audit has found, one line each, for a person, for cron, and for a program.
 */
#ifndef EXPLAIN_FINDINGS_H
#define EXPLAIN_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum finding_grade { FINDING_WARNING, FINDING_ERROR };

struct finding {
	enum finding_grade grade;
	const char *kind; /* for programs; never changes its meaning */
	const char *file;
	uint64_t line; /* 0: the file as a whole */
	struct span what;
	const char *why, *remedy;
};

struct findings {
	struct text out;
	bool is_json;
	size_t errors, warnings;
};

void findings_init(struct findings *findings, bool is_json);

/* Append "grade: file:line: what: why: remedy", or the object of an array. */
void findings_add(struct findings *findings, const struct finding *finding);

/* Of a mistake that many entries of one list have, the first ones are named and the others counted.
 * Count one more, and say whether to name it. */
bool findings_may_name(size_t *count);

/* All of that list were counted: tell of those that were not named, in one line. A '#' in what
 * stands for their number. */
void findings_add_others(struct findings *findings, const struct finding *others, size_t count);

/* Either: count is 0, or that of a mistake whose first entries were named. The file is a control
 * file by its name. False when memory is short. */
bool findings_add_of_control(struct findings *findings, struct finding finding, size_t count);

/* All were found: close the array, and tell how many there are. */
void findings_finish(struct findings *findings, size_t probes);

void findings_free(struct findings *findings);

#endif
