/*
 * queue_value: whether smtpd can run the program that QMAILQUEUE names.
 */
#ifndef EXPLAIN_QUEUE_VALUE_H
#define EXPLAIN_QUEUE_VALUE_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

/* True for any other variable, and for a name without a slash: the PATH in which that is looked for
 * is the servers'. False: *why gets the reason. */
bool queue_value_can_run(struct span name, struct span value, struct text *why);

#endif
