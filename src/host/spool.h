/*
 * spool: a message that has come, while it is not known yet what becomes of it.
 *
 * Up to SPOOL_HELD bytes are in memory, more in a file that has no name: however the program ends,
 * nothing of it is left.
 */
#ifndef HOST_SPOOL_H
#define HOST_SPOOL_H

#include <stdint.h>

#include "base/span.h"
#include "base/text.h"
#include "queue/status.h"

#define SPOOL_HELD (256 * 1024) /* bytes of the largest message that is held in memory */

/* It holds pointers into itself, and stays where it was initialised. */
struct spool {
	const char *place;	    /* the directory for the file, for messages */
	void *world;		    /* handed back to create */
	int (*create)(void *world); /* a new file to write and read, or -1 with errno */
	struct text held;	    /* the message, or room to copy through when there is a file */
	int file;		    /* -1, or a file with the whole message */
	uint64_t size;		    /* bytes of the message */
	char short_held[2048];	    /* where held begins */
};

/* Take no memory and open nothing yet; place and world must stay. */
void spool_init(struct spool *spool, const char *place, int (*create)(void *world), void *world);

/* The same for a file in TMPDIR, or in /tmp. */
void spool_init_temporary(struct spool *spool);

/* Read a message from a descriptor to its end. Returns QUEUE_OK, or the exit code that tells what
 * went wrong, and appends the reason to *why. */
enum queue_status spool_receive(struct spool *spool, int descriptor, struct text *why);

/* Append bytes to the message. The answer is as above. */
enum queue_status spool_add(struct spool *spool, struct span bytes, struct text *why);

/* Write these bytes and the message behind them to where a descriptor stands. Returns 0, or -1 with
 * errno. */
int spool_copy(struct spool *spool, struct span before, int descriptor);

/* The next piece of the message from *offset on, which is 0 at first; it stays until the next call.
 * Returns 1, 0 behind the last, or -1 with errno. */
int spool_next(struct spool *spool, uint64_t *offset, struct span *piece);

/* A descriptor that stands at the start of the message; it is the caller's to close. Returns -1
 * with errno. */
int spool_open(struct spool *spool);

/* Forget the message; the memory stays for the next one. */
void spool_forget(struct spool *spool);

/* Give back memory and file. */
void spool_free(struct spool *spool);

#endif
