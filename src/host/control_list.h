/*
 * control_list: the lists of the control directory that are compiled to databases, line by line.
 *
 * What the keys are is what smtpd, checkpassword-cdb and queue-forward ask for.
 *     morercpthosts  a domain, in lower case, without data: the very records of qmail-newmrh
 *     recipients     local@domain, local-*@domain, local+*@domain or @domain, in lower case
 *     smtproutes     domain:route, or :route for all others; the domain in lower case, with the
 *                    route as data
 *     users          name:hash; the name as it is, with the hash as data
 */
#ifndef HOST_CONTROL_LIST_H
#define HOST_CONTROL_LIST_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

#define CONTROL_LIST_LONGEST_LINE 65536 /* bytes */

struct control_list {
	const char *name; /* of the file */
	bool is_secret;	  /* the database is for those only who may read the list */
	bool has_one_of_each;
	/* Read an entry, which is not empty and has no blanks at its end. Appends the key to *key;
	 * *data is a part of the entry. False when it is malformed; *why gets the reason then, and
	 * also when the entry is good but can never match. */
	bool (*read)(struct span entry, struct text *key, struct span *data, struct text *why);
};

/* The list of that name, or NULL. */
const struct control_list *control_list_find(const char *name);

#endif
