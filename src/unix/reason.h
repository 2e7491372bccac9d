/*
 * reason: what failed and why, as one line for a person: "unable to WHAT OBJECT: REASON".
 */
#ifndef UNIX_REASON_H
#define UNIX_REASON_H

#include "base/text.h"

/* Append that line, with errno's words for the reason. An object of NULL is left out. errno stays.
 */
void reason_add(struct text *why, const char *what, const char *object);

#endif
