/*
 * queue_value: whether smtpd can run the program that QMAILQUEUE names.
 */
#ifndef EXPLAIN_QUEUE_VALUE_H
#define EXPLAIN_QUEUE_VALUE_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

/* True for any other variable, and for what is no absolute path: PATH and the directory in which
 * that is looked for are the servers'. False: *why gets the reason. Short of memory *why has
 * failed. */
bool queue_value_can_run(struct span name, struct span value, struct text *why);

#endif
