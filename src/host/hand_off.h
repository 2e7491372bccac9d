/*
 * hand_off: one message after the other, given to whoever keeps or sends them.
 *
 * That is a queue program, or without one this process itself, which then stores the message in the
 * Maildir by the code of queue-maildir: the same files and answers, for the price of no process.
 * Write errors must not be signals: SIGPIPE and SIGXFSZ are to be ignored.
 */
#ifndef HOST_HAND_OFF_H
#define HOST_HAND_OFF_H

#include "host/maildir.h"
#include "host/queue_program.h"

/* It holds pointers into itself, and stays where it was initialised. */
struct hand_off {
	const char *name; /* of the queue program; NULL: the Maildir */
	struct queue_program program;
	struct maildir maildir;
	struct text directory;	  /* of the Maildir, when no variable names it */
	enum queue_status status; /* of the message for the Maildir, so far */
	bool was_fed;		  /* it is open, and all its bytes so far are there */
	struct text why;	  /* what went wrong there */
};

/* name may be NULL, or empty for the same, and must stay. */
void hand_off_init(struct hand_off *hand_off, const char *name);

/* The program that had a message which was abandoned has not ended: the next one will wait. */
bool hand_off_lingers(const struct hand_off *hand_off);

/* Begin a message. Returns 0, or -1 with errno, and then no message is open. */
int hand_off_open(struct hand_off *hand_off);

/* Do now what the open message, if there is one, will need later. */
void hand_off_prepare(struct hand_off *hand_off);

/* More bytes of the message. Trouble is remembered. */
void hand_off_write(struct hand_off *hand_off, struct span bytes);

/* The message lacks something that it must have: it will not be taken. */
void hand_off_spoil(struct hand_off *hand_off);

/* The process that takes the open message. */
unsigned long hand_off_process(const struct hand_off *hand_off);

/* The message is complete, this is its envelope: returns what came of it, valid until the next
 * call. The message is not open any more. */
struct queue_result hand_off_close(struct hand_off *hand_off, struct span envelope);

/* Forget the open message, if there is one. */
void hand_off_abandon(struct hand_off *hand_off);

/* Give everything back; an open message is abandoned. */
void hand_off_free(struct hand_off *hand_off);

#endif
