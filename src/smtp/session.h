/*
 * session: one SMTP server dialogue. Client bytes in; replies and requests out.
 *
 * Pure: no system call, no clock, no exit. All it can do to the world is in struct smtp_host.
 * Cutting the same input into other pieces gives the same calls in the same order.
 * Memory: bounded by the settings, whatever the client sends.
 * Follows RFC 5321 (dialogue), 1870 (SIZE), 2920 (pipelining), 6152 (8BITMIME), 6531 (SMTPUTF8),
 * 2034 and 3463 (enhanced status codes), 3030 (CHUNKING), 3207 (STARTTLS), 4954 (AUTH).
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/span.h"
#include "base/text.h"
#include "base/verdict.h"
#include "smtp/body.h"

#define SMTP_SESSION 1536 /* bytes of a session */

enum smtp_tls {
	SMTP_TLS_NONE,	  /* there is no STARTTLS */
	SMTP_TLS_OFFERED, /* STARTTLS works */
	SMTP_TLS_BROKEN,  /* it should be there, and is not: 454 */
};

/* What the administrator decided. The spans must outlive the session. */
struct smtp_settings {
	struct span greeting;	   /* the text behind 220, HELO's 250 and 221 */
	struct span local_ip_host; /* replaces [our own address] in addresses */
	bool may_relay;		   /* RELAYCLIENT is set */
	struct span relay_suffix;  /* its value, appended to every recipient */
	bool relay_unknown;	   /* RELAYUNKNOWN is set: defer instead of refusing */
	bool takes_odd_addresses;  /* ODDADDRESS=1: the classic treatment of odd forms */
	uint64_t largest_message;  /* bytes after un-stuffing; 0: no limit */
	uint32_t most_recipients;  /* of one message */
	uint32_t most_errors;	   /* replies of 400 and more before hanging up; 0: no limit */
	uint32_t tarpit_count;	   /* recipients answered at once; 0: no tarpit */
	uint32_t tarpit_delay;	   /* seconds for each further one */
	enum smtp_tls tls;
	bool requires_tls;	/* 530 to MAIL without it */
	bool is_secured;	/* the session starts under TLS */
	bool offers_auth;	/* the host can authenticate */
	bool requires_auth;	/* 530 to MAIL without it */
	bool allows_clear_auth; /* without TLS too */
};

enum smtp_event_kind {
	SMTP_ACCEPT, /* a recipient: sender, recipient, why */
	SMTP_REFUSE, /* any reply of 400 or more: code, reason; sender and recipient if there are */
	SMTP_QUEUED, /* a message: sender, why, size, recipients, reason is what commit answered */
	SMTP_AUTH_OK,	/* AUTH: user */
	SMTP_AUTH_FAIL, /* AUTH: user as it was said, code */
};

/* Something for the log. Spans are valid during the call only. */
struct smtp_event {
	enum smtp_event_kind kind;
	uint32_t code;	    /* reply code */
	struct span reason; /* text of the reply, without codes */
	struct span why; /* relayclient, auth:USER, rcpthosts, morercpthosts, norcpthosts, local or
			    empty */
	bool has_sender, has_recipient;
	struct span sender, recipient; /* as queued, or as given when refused */
	uint64_t size;		       /* bytes of the message, without what open wrote before it */
	uint32_t recipients;	       /* of the message */
	struct span user;	       /* of AUTH */
};

/* What commit says of a message. text is initialised by the session. */
struct smtp_answer {
	char enhanced_code[12]; /* "4.3.0"; empty: the session takes 2.0.0, 4.3.0 or 5.3.0 */
	struct text text;	/* YES: "ok 1795508400 qp 4711"; else the reason, one line */
};

/*
 * What a session asks of the world. One process serves one client, so a call may block. Calls obey
 * (open body* (commit | discard))*, with the others anywhere between.
 */
struct smtp_host {
	void *world; /* handed back as first argument */
	/* Whole lines with CRLF, in order. May be kept back until input is waited for. */
	void (*reply)(void *world, struct span lines);
	void (*event)(void *world, const struct smtp_event *event);
	/* Do we take mail for this domain? Lower case, no '@', no trailing dot. Appends the name of
	 * what decided to *why: rcpthosts, morercpthosts, or norcpthosts when there is no list. */
	enum verdict (*hosted)(void *world, struct span domain, struct text *why);
	/* Is there such a mailbox? A whole address in a hosted domain, as it is queued. */
	enum verdict (*mailbox)(void *world, struct span address);
	/* Is mail from this sender refused? Not asked for the null sender. */
	enum verdict (*bad_sender)(void *world, struct span address);
	/* Is this an address of this host? */
	bool (*own_address)(void *world, const struct address *address);
	/* Flush the replies, then let so many seconds pass, fewer if the client goes away. */
	void (*delay)(void *world, uint32_t seconds);
	/* Is this the user's password? Neither is empty or has a NUL in it. On YES the world knows
	 * who the client is, until TLS is started. Not asked without offers_auth. */
	enum verdict (*authenticate)(void *world, struct span user, struct span password);
	/* Start a message and write its Received field. hello is what HELO or EHLO said (empty:
	 * neither was given); protocol is RFC 3848's and 6531's keyword, ESMTP for example. */
	enum verdict (*open)(void *world, struct span hello, struct span protocol);
	/* Bytes of the message: dots removed, lines end in LF. A failure may be kept for commit. */
	void (*body)(void *world, struct span bytes);
	/* envelope: F sender NUL, T recipient NUL for each, NUL. YES only when the message is
	 * durable; NO when it is refused for good; LATER otherwise. Ends the message. */
	enum verdict (*commit)(void *world, struct span envelope, struct smtp_answer *answer);
	/* Forget the open message. */
	void (*discard)(void *world);
};

enum smtp_step {
	SMTP_MORE,	/* feed again */
	SMTP_CLOSE,	/* the last reply is out: hang up */
	SMTP_QUIT,	/* the same, and the client has said that it has no more to say */
	SMTP_START_TLS, /* flush the replies and start TLS, then call smtp_session_secured */
};

enum smtp_end {
	SMTP_GONE,     /* the client closed the connection, or it broke */
	SMTP_TIMEOUT,  /* the client was too slow */
	SMTP_SHUTDOWN, /* this host wants to stop */
};

/* Counted over the whole session, for the log. */
struct smtp_totals {
	uint64_t commands, messages, bytes; /* of accepted messages */
};

struct smtp_session; /* opaque; it lies in a struct smtp_room */

/* The session itself, with what is usually all that it has to remember, and room for the body. */
struct smtp_room {
	alignas(max_align_t) char session[SMTP_SESSION];
	char body[BODY_ROOM]; /* not touched before a message comes */
};

/* Start a session and send the greeting. The caller keeps settings, host and the room until
 * smtp_session_free. */
struct smtp_session *smtp_session_new(const struct smtp_settings *settings,
				      const struct smtp_host *host, struct smtp_room *room);

/* Take client bytes of any length, zero included. Never fails: trouble becomes a 4xx reply. After
 * SMTP_CLOSE and SMTP_QUIT further bytes are ignored; those after SMTP_START_TLS are dropped, so
 * nothing that was injected in clear text survives. */
enum smtp_step smtp_session_feed(struct smtp_session *session, struct span bytes);

/* TLS is up: forget all that the client has said (RFC 3207 section 4.2) and go on. */
void smtp_session_secured(struct smtp_session *session);

/* The connection ends for a reason the dialogue did not choose. Tells the client where it can still
 * hear it and discards an open message. */
void smtp_session_end(struct smtp_session *session, enum smtp_end reason);

/* Whether the client is in the middle of a message's bytes. With that and the number of whole
 * command lines, which is among the totals, a caller can give each its time. */
bool smtp_session_in_data(const struct smtp_session *session);

/* Which message is under way, each chunk that is thrown away being one by itself; 0: none. */
uint64_t smtp_session_message(const struct smtp_session *session);

struct smtp_totals smtp_session_totals(const struct smtp_session *session);

void smtp_session_free(struct smtp_session *session);

#endif
