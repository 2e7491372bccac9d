/*
 * steps_page: a recipient that was tried, written for a person or for a program.
 */
#ifndef EXPLAIN_STEPS_PAGE_H
#define EXPLAIN_STEPS_PAGE_H

#include "base/page.h"
#include "explain/steps.h"

/* Append the steps, the reply, and the advice, whose lines end in LF. */
void steps_page(const struct page *page, const struct steps *steps, struct span recipient,
		struct span advice);

/* Append one JSON object with the same. */
void steps_page_json(struct text *out, const struct steps *steps, struct span recipient,
		     struct span advice);

/* The advice alone, as paragraphs, and as a JSON array of lines. */
void steps_page_advice(const struct page *page, struct span advice);
void steps_page_advice_json(struct text *out, struct span advice);

#endif
