/*
 * maildir: a message made durable in a Maildir, whole or not at all.
 *
 * A message is first received into a spool, whose file is one of tmp/. Only then, when its envelope
 * is known too, is it written with the envelope's lines on top into a file of tmp/, made durable,
 * and moved into new/, never over another file. So whatever ends the program, and whenever, new/
 * holds only whole messages; and only a program that was killed leaves something in tmp/.
 */
#ifndef HOST_MAILDIR_H
#define HOST_MAILDIR_H

#include "base/span.h"
#include "base/text.h"
#include "host/spool.h"
#include "queue/status.h"

#define MAILDIR_LONGEST_PATH 4096 /* bytes */

struct maildir {
	const char *directory; /* tmp/, new/ and cur/ are made in it where they are missing */
	struct spool spool;    /* the message */
};

/* The directory that MAILDIR names, or else the default one, whose name is put into *path. */
const char *maildir_find(struct text *path);

/* Take no memory and open nothing yet. The directory's name and the maildir itself must stay. */
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
