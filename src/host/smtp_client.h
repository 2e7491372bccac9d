/*
 * smtp_client: one connection to a next hop, by SMTP or LMTP, and one message over it.
 *
 * Each step has a time, and all of them have one together, but for the search for a name's
 * addresses. An answer is believed only when it came whole; whatever happens to the connection
 * before is LATER. Where the route wants TLS, or there is a login for it, nothing of a message is
 * said without. Follows RFC 5321, 2033 (LMTP), 1870 (SIZE), 3207 (STARTTLS), 4954 (AUTH), 6152
 * (8BITMIME) and 6531 (SMTPUTF8).
 */
#ifndef HOST_SMTP_CLIENT_H
#define HOST_SMTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/verdict.h"
#include "host/spool.h"
#include "queue/login.h"
#include "queue/response.h"
#include "queue/route.h"
#include "queue/status.h"
#include "unix/stream.h"

#define SMTP_CLIENT_READ 4096 /* bytes asked for at once */

struct smtp_client_settings {
	struct span helo;	 /* the name of this host */
	int64_t connect_time;	 /* milliseconds for each address to let us in */
	int64_t step_time;	 /* milliseconds for each step until the message is sent */
	int64_t moment;		 /* when all must be over */
	struct span authorities; /* as tls_client_start wants them */
	struct span logins;	 /* the contents of control/smtpauth */
};

/* What came of a call. */
struct smtp_result {
	enum verdict verdict;
	enum queue_status status; /* where it is LATER for want of an answer; else QUEUE_OK */
	struct text words;	  /* what the next hop said, or empty */
};

struct smtp_client {
	const struct smtp_client_settings *settings;
	struct stream stream;
	struct response response;
	char name[ROUTE_HOST + 1]; /* of the next hop */
	bool is_lmtp;
	bool is_open;	/* the connection is good for another command */
	bool is_secure; /* all that is said goes through TLS */
	bool offers_size, offers_8bit, offers_utf8, offers_tls;
	enum login_mechanism offers_login;
	bool has_login, is_logging_in;
	struct login login;  /* the one for this next hop, if it has one */
	uint64_t size_limit; /* 0: none is known */
	char bytes[SMTP_CLIENT_READ];
	size_t start, end; /* of bytes that are read and not used */
};

/* What the message is, for the parameters of MAIL. */
struct smtp_message {
	struct span sender;
	uint64_t size; /* bytes, as wire_measure counts them */
	bool has_8bit;
	bool needs_utf8; /* an address has bytes outside ASCII */
	bool has_utf8;	 /* its header has them, and its client has said so */
};

void smtp_result_init(struct smtp_result *result);
void smtp_result_free(struct smtp_result *result);

void smtp_client_init(struct smtp_client *client, const struct smtp_client_settings *settings);

/* Connect, greet, start TLS and log in, as the route and the settings have it. What is said until
 * then is no verdict on a message: never NO. */
void smtp_client_open(struct smtp_client *client, const struct route *route,
		      struct smtp_result *result);

/* Begin a message; name a recipient; ask to be let send its data; send it. The next step may be
 * taken only when the last was answered YES, that of sending being that all has been sent. */
void smtp_client_mail(struct smtp_client *client, const struct smtp_message *message,
		      struct smtp_result *result);
void smtp_client_recipient(struct smtp_client *client, struct span recipient,
			   struct smtp_result *result);
void smtp_client_data(struct smtp_client *client, struct smtp_result *result);
void smtp_client_send(struct smtp_client *client, struct spool *spool, struct smtp_result *result);

/* Between asking and sending, when others were asked meanwhile: YES when it waits for the message
 * yet, else it has refused it, or is gone. */
void smtp_client_await(struct smtp_client *client, struct smtp_result *result);

/* Hear what came of it: once by SMTP; by LMTP once for each recipient. Nobody is believed to have
 * taken it before it has arrived. The next hop may have the message already, and who gives up sends
 * it twice: so this has no step's time, but all that is left. RFC 5321 section 4.5.3.2.6 wants ten
 * minutes. */
void smtp_client_answer(struct smtp_client *client, struct smtp_result *result);

/* Say QUIT if that can be said, and close. */
void smtp_client_close(struct smtp_client *client);

void smtp_client_free(struct smtp_client *client);

#endif
