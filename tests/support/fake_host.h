/*
 * fake_host: a world for a session that is nothing but memory, and writes down all that is asked
 * of it.
 *
 * The transcript has a line for each call, with its answer. Bytes of a message are gathered into
 * one line, since their pieces are nobody's business. A call out of order fails an assertion.
 */
#ifndef TESTS_SUPPORT_FAKE_HOST_H
#define TESTS_SUPPORT_FAKE_HOST_H

#include "base/text.h"
#include "smtp/session.h"

struct fake_host {
	struct text transcript;
	struct text body;	/* of the open message */
	struct text hosted;	/* lines; empty domains never occur */
	struct text mailboxes;	/* lines; none: every mailbox is there */
	struct text bad_sender; /* lines */
	bool has_no_list;	/* no rcpthosts */
	struct text users;	/* lines "NAME PASSWORD" */
	bool has_own;
	struct address own; /* the address of this host */
	unsigned later;	    /* the number, from 1, of the question that is answered LATER */
	unsigned asked;
	enum verdict commit_verdict;
	char commit_code[12];
	struct text commit_text;
	bool is_open;
	unsigned committed; /* messages that were taken */
};

void fake_host_init(struct fake_host *fake);
void fake_host_free(struct fake_host *fake);

/* Forget what happened, keep what is set. */
void fake_host_restart(struct fake_host *fake);

struct smtp_host fake_host_table(struct fake_host *fake);

/* Append bytes with all that is not printable ASCII as in a C string. */
void fake_host_escape(struct text *out, struct span bytes);

#endif
