/*
 * queue_program: one message handed to a program with qmail-queue's interface.
 *
 * The program gets the message on descriptor 0, the envelope on 1, this program's log on 2, and on
 * 6 and 4 pipes into which it may say why it refuses (the environment has ERROR_FD=4 for that).
 * Nothing it writes can reach the client. Whatever it does, every call here comes back: it may stop
 * reading, exit early, never exit, even by SIGKILL, say without end, or leave children behind that
 * hold its descriptors open. It is believed only when it has left nothing of the message in its
 * pipe, as far as that can be seen; whether it reads the envelope is its own affair. An abandoned
 * message has none.
 *
 * Write errors must not be signals: SIGPIPE is to be ignored.
 */
#ifndef HOST_QUEUE_PROGRAM_H
#define HOST_QUEUE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/span.h"
#include "base/text.h"
#include "queue/status.h"

#define QUEUE_PROGRAM_BLOCK (64 * 1024) /* bytes gathered before they are written */
#define QUEUE_PROGRAM_TEXT  256		/* bytes kept of what the program says */

/* Milliseconds. */
struct queue_program_limits {
	uint64_t stall;	 /* for which the program may take no byte of message or envelope */
	uint64_t answer; /* from the end of the envelope to the program's exit */
	uint64_t end;	 /* from SIGTERM to SIGKILL */
};

/* What serves mail: the client waits ten minutes for the answer to its message (RFC 5321 section
 * 4.5.3.2.6), and an answer that it does not hear makes it send the message again. */
extern const struct queue_program_limits queue_program_limits;

struct queue_program {
	struct queue_program_limits limits;
	pid_t child;  /* -1: there is none */
	int process;  /* its pidfd, or -1: its end is not waited for yet */
	int message;  /* the pipe to its descriptor 0, or -1 */
	int envelope; /* the pipe to its descriptor 1, or -1 */
	/* The other ends, or -1. That of the message tells what the program has not read, while all
	 * of it may be in the pipe; that of the envelope lets it be written in any case. */
	int unread, envelope_end;
	int said[2];   /* pipes from its descriptors 6 and 4, or -1 */
	int status;    /* how the child ended, as waitpid(2) sets it; -1: not known */
	bool was_fed;  /* all that was written so far has gone into the pipes */
	bool was_late; /* it was ended because it was too slow */
	char *block;   /* bytes of the message that are not written yet */
	size_t block_length;
	struct text texts[2]; /* what it said on 6 and 4 */
};

void queue_program_init(struct queue_program *program, const struct queue_program_limits *limits);

/* Start the program of this name: with a slash its path, else it is looked for in PATH. Returns 0,
 * or -1 with errno, and then no message is open. */
int queue_program_open(struct queue_program *program, const char *name);

/* More bytes of the message. Trouble is remembered. */
void queue_program_write(struct queue_program *program, struct span bytes);

/* The message is complete, this is its envelope: hear the program's answer, valid until the next
 * call. The message is not open any more. */
struct queue_result queue_program_close(struct queue_program *program, struct span envelope);

/* Forget the open message, if there is one: the program never gets an envelope. It is not waited
 * for, but the next one starts only when it has gone, or cannot be made to go. */
void queue_program_abandon(struct queue_program *program);

/* Give everything back; an open message is abandoned. */
void queue_program_free(struct queue_program *program);

#endif
