#include "explain/queue_value.h"

#include <errno.h>

#include "unix/reason.h"
#include "unix/spawn.h"

bool queue_value_can_run(struct span name, struct span value, struct text *why)
{
	struct text path;
	bool can_run;

	if (!span_equal(name, SPAN("QMAILQUEUE")) || span_byte(value, 0) != '/')
		return true;
	text_init(&path, value.length + 1);
	text_add(&path, value);
	why->failed |= path.failed;
	can_run = path.failed || spawn_can_run(text_string(&path));
	if (!can_run) {
		text_add_string(why, "QMAILQUEUE: ");
		reason_add(why, "run", text_string(&path));
	}
	text_free(&path);
	return can_run;
}
