/*
 * decision_page: how the rules decided on a client, written for a person or for a program.
 */
#ifndef EXPLAIN_DECISION_PAGE_H
#define EXPLAIN_DECISION_PAGE_H

#include "base/page.h"
#include "explain/decision.h"

void decision_page(const struct page *page, const struct decision *decision);

/* Append the members "client", "rules" and "warnings" of an object, of which they are the first. */
void decision_page_json(struct text *out, const struct decision *decision);

#endif
