/*
 * parameters: what may follow the address in MAIL.
 *
 * Follows RFC 5321 section 4.1.1.11, RFC 1870 (SIZE), RFC 6152 (BODY), RFC 4954 section 5 (AUTH)
 * and RFC 6531 (SMTPUTF8). RCPT takes none.
 */
#ifndef SMTP_PARAMETERS_H
#define SMTP_PARAMETERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "smtp/reply.h"

struct mail_parameters {
	bool has_size, has_body, has_auth, has_utf8;
	uint64_t size; /* bytes; UINT64_MAX stands for all that are more */
};

/* Read what follows the path. REPLY_NONE when all is well, else the reply that refuses it. */
enum smtp_reply parameters_read(struct span rest, struct mail_parameters *parameters);

#endif
