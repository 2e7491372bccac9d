#include "host/hand_off.h"

#include <unistd.h>

#include "queue/envelope.h"
#include "unix/report.h"

#define LONGEST_WHY 4096 /* bytes */

void hand_off_init(struct hand_off *hand_off, const char *name)
{
	*hand_off = (struct hand_off){.name = name && *name ? name : NULL, .status = QUEUE_OK};
	queue_program_init(&hand_off->program, &queue_program_limits);
	text_init(&hand_off->directory, MAILDIR_LONGEST_PATH);
	text_init(&hand_off->why, LONGEST_WHY);
	if (!hand_off->name) /* somebody else's program has the umask that it was given */
		maildir_spare_owner();
	maildir_init(&hand_off->maildir, maildir_find(&hand_off->directory));
}

bool hand_off_lingers(const struct hand_off *hand_off)
{
	return hand_off->name && hand_off->program.child != -1;
}

int hand_off_open(struct hand_off *hand_off)
{
	if (hand_off->name)
		return queue_program_open(&hand_off->program, hand_off->name);
	hand_off_abandon(hand_off);
	text_clear(&hand_off->why);
	hand_off->status = QUEUE_OK;
	hand_off->was_fed = true;
	return 0;
}

void hand_off_prepare(struct hand_off *hand_off)
{
	if (!hand_off->name && hand_off->status == QUEUE_OK && hand_off->was_fed)
		maildir_prepare(&hand_off->maildir);
}

void hand_off_write(struct hand_off *hand_off, struct span bytes)
{
	if (hand_off->name)
		queue_program_write(&hand_off->program, bytes);
	else if (hand_off->status == QUEUE_OK)
		hand_off->status = spool_add(&hand_off->maildir.spool, bytes, &hand_off->why);
}

void hand_off_spoil(struct hand_off *hand_off)
{
	hand_off->program.was_fed = hand_off->was_fed = false;
}

unsigned long hand_off_process(const struct hand_off *hand_off)
{
	return (unsigned long)(hand_off->name ? hand_off->program.child : getpid());
}

static enum queue_status store(struct hand_off *hand_off, struct span bytes)
{
	enum queue_status status;
	struct envelope envelope;
	struct text lines;
	char room[512];

	envelope_init(&envelope);
	text_init_short(&lines, room, sizeof(room), 3 * ENVELOPE_LARGEST);
	status = envelope_status(envelope_feed(&envelope, bytes));
	if (status == QUEUE_OK)
		envelope_write_lines(&envelope, &lines);
	envelope_free(&envelope);
	if (lines.failed)
		status = QUEUE_NO_MEMORY;
	if (status == QUEUE_OK)
		status = maildir_store(&hand_off->maildir, text_span(&lines), &hand_off->why);
	text_free(&lines);
	return status;
}

static struct queue_result store_message(struct hand_off *hand_off, struct span envelope)
{
	struct queue_result result = {.has_exited = true, .was_fed = hand_off->was_fed};

	if (hand_off->status == QUEUE_OK && hand_off->was_fed)
		hand_off->status = store(hand_off, envelope);
	if (hand_off->status != QUEUE_OK)
		warn("%s", hand_off->why.length ? text_string(&hand_off->why)
						: "unable to store a message");
	result.code = (int)hand_off->status;
	hand_off_abandon(hand_off);
	return result;
}

struct queue_result hand_off_close(struct hand_off *hand_off, struct span envelope)
{
	return hand_off->name ? queue_program_close(&hand_off->program, envelope)
			      : store_message(hand_off, envelope);
}

void hand_off_abandon(struct hand_off *hand_off)
{
	queue_program_abandon(&hand_off->program);
	maildir_forget(&hand_off->maildir);
	hand_off->was_fed = false;
}

void hand_off_free(struct hand_off *hand_off)
{
	hand_off_abandon(hand_off);
	queue_program_free(&hand_off->program);
	maildir_free(&hand_off->maildir);
	text_free(&hand_off->directory);
	text_free(&hand_off->why);
}
