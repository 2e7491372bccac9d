/*
 * maildir: a message made durable in a Maildir, whole or not at all.
 *
 * A message is first received into a spool, whose file is one of tmp/ without a name. Only then,
 * when its envelope is known too, is it written with the envelope's lines on top into a file of
 * tmp/, made durable, and moved into new/, never over another file. So whatever ends the program,
 * and whenever, new/ holds only whole messages; and only a program that was killed leaves something
 * in tmp/.
 */
#ifndef HOST_MAILDIR_H
#define HOST_MAILDIR_H

#include "base/span.h"
#include "base/text.h"
#include "host/spool.h"
#include "queue/name.h"
#include "queue/status.h"

#define MAILDIR_LONGEST_PATH 4096 /* bytes */
#define MAILDIR_SHORT_PATH   256  /* bytes of the usual one */

/* It holds pointers into itself, and stays where it was initialised. */
struct maildir {
	const char *directory; /* tmp/, new/ and cur/ are made in it where they are missing */
	struct spool spool;    /* the message */
	int file;	       /* -1, or one of tmp/ that is its own already */
	struct name name;      /* of that file, but for the size */
	char host[256];	       /* in the name */
	struct text path;      /* of that file */
	char short_path[MAILDIR_SHORT_PATH];
};

/* The directory that MAILDIR names, or else the default one, whose name is put into *path. */
const char *maildir_find(struct text *path);

/* Call once before anything is made: a umask that takes from the owner what nobody else has would
 * hide messages that were taken. What it takes from others stays taken. */
void maildir_spare_owner(void);

/* Take no memory and open nothing yet. The directory's name and the maildir itself must stay. */
void maildir_init(struct maildir *maildir, const char *directory);

/* Read a message from a descriptor to its end. Returns QUEUE_OK, or the exit code that tells what
 * went wrong, and appends the reason to *why. */
enum queue_status maildir_receive(struct maildir *maildir, int descriptor, struct text *why);

/* Create the message's file now, where there is time for it and the Maildir is there; else
 * maildir_store does, and tells whether it can. */
void maildir_prepare(struct maildir *maildir);

/* Store the received message, behind these lines. The answer is as above. QUEUE_OK: it survives a
 * power cut from now on. */
enum queue_status maildir_store(struct maildir *maildir, struct span lines, struct text *why);

/* Forget the message: nothing of it is left. The memory stays for the next one. */
void maildir_forget(struct maildir *maildir);

/* Forget the message and give back the memory. */
void maildir_free(struct maildir *maildir);

#endif
