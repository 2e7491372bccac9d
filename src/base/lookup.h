/*
 * lookup: a question by key, put to whoever holds the data.
 *
 * What decides is handed a lookup and does not know where the data is stored: programs hand it a
 * cdb, tests an array, and whoever explains a decision a lookup that records each key and then
 * asks the real one.
 */
#ifndef BASE_LOOKUP_H
#define BASE_LOOKUP_H

#include "base/span.h"
#include "base/verdict.h"

struct lookup {
	void *world; /* handed back as first argument */
	/* YES: *data is the first record with that key; it stays valid until the next call.
	 * LATER: the data cannot be read. */
	enum verdict (*find)(void *world, struct span key, struct span *data);
};

#endif
