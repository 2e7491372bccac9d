#include "host/patience.h"

void patience_init(struct patience *patience, struct patience_limits limits)
{
	*patience = (struct patience){.limits = limits};
}

static uint64_t difference(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

/* For how long the bytes so far suffice. */
static uint64_t rate_left(const struct patience *patience)
{
	const struct patience_limits *limits = &patience->limits;
	uint64_t grace = (uint64_t)limits->grace_seconds * 1000;
	uint64_t earned;

	if (limits->least_rate == 0 || patience->message == 0)
		return UINT64_MAX;
	/* In this order it cannot overflow. */
	earned = patience->data_bytes / limits->least_rate * 1000 +
		 patience->data_bytes % limits->least_rate * 1000 / limits->least_rate;
	return difference(patience->data_waited, earned > grace ? earned : grace);
}

uint64_t patience_left(const struct patience *patience)
{
	uint64_t command = (uint64_t)patience->limits.command_seconds * 1000;
	uint64_t rate = rate_left(patience);
	uint64_t stall = difference(
		patience->is_in_data ? patience->stall_waited : patience->line_waited, command);

	return stall < rate ? stall : rate;
}

void patience_wait(struct patience *patience, uint64_t milliseconds, uint64_t bytes)
{
	if (patience->message) {
		patience->data_waited += milliseconds;
		patience->data_bytes += bytes;
	}
	if (!patience->is_in_data)
		patience->line_waited += milliseconds;
	else
		patience->stall_waited = bytes ? 0 : patience->stall_waited + milliseconds;
}

void patience_turn(struct patience *patience, bool is_in_data, uint64_t message, uint64_t commands)
{
	if (commands != patience->commands)
		patience->line_waited = 0;
	if (is_in_data && (!patience->is_in_data || commands != patience->commands))
		patience->stall_waited = 0;
	if (message != patience->message)
		patience->data_waited = patience->data_bytes = 0;
	patience->is_in_data = is_in_data;
	patience->message = message;
	patience->commands = commands;
}
