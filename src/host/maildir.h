/*
 * maildir: a message made durable in a Maildir, whole or not at all.
 *
 * A message is first received: up to MAILDIR_HELD bytes in memory, more in a file of tmp/ that has
 * no name. Only then, when its envelope is known too, is it written with the envelope's lines on
 * top into a file of tmp/, made durable, and moved into new/, never over another file. So whatever
 * ends the program, and whenever, new/ holds only whole messages; and only a program that was
 * killed leaves something in tmp/.
 */
#ifndef HOST_MAILDIR_H
#define HOST_MAILDIR_H

#include <stdint.h>

#include "base/span.h"
#include "base/text.h"
#include "queue/status.h"

#define MAILDIR_HELD (256 * 1024) /* bytes of the largest message that is held in memory */

struct maildir {
	const char *directory; /* tmp/, new/ and cur/ are made in it where they are missing */
	struct text held;      /* the message, or room to copy through when there is a spool */
	int spool;	       /* -1, or a file with the whole message */
	uint64_t size;	       /* bytes of the message */
};

/* Take no memory and open nothing yet. The directory's name must stay. */
void maildir_init(struct maildir *maildir, const char *directory);

/* Read a message from a descriptor to its end. Returns QUEUE_OK, or the exit code that tells what
 * went wrong, and appends the reason to *why. */
enum queue_status maildir_receive(struct maildir *maildir, int descriptor, struct text *why);

/* Store the received message, behind these lines. The answer is as above. QUEUE_OK: it survives a
 * power cut from now on. */
enum queue_status maildir_store(struct maildir *maildir, struct span lines, struct text *why);

/* Give back memory and spool. */
void maildir_free(struct maildir *maildir);

#endif
