/*
 * trouble: what failed, as an exit code of qmail-queue's interface and as a line for the log.
 */
#ifndef HOST_TROUBLE_H
#define HOST_TROUBLE_H

#include "base/text.h"
#include "queue/status.h"

/* Append "unable to WHAT PLACE: " and errno's reason to *why. Returns the status, or the full
 * disk's own where that was the reason, whatever found it full. */
enum queue_status trouble(enum queue_status status, const char *what, const char *place,
			  struct text *why);

#endif
