/*
 * smtp_talk: one command to a next hop and its reply, for the modules that make up smtp_client.
 *
 * Whatever happens to the connection ends in smtp_talk_lose: it is closed, and the result LATER,
 * but where smtp_talk_hear_refusal has still heard why.
 */
#ifndef HOST_SMTP_TALK_H
#define HOST_SMTP_TALK_H

#include "host/smtp_client.h"

/* When a step that begins now must be over. */
int64_t smtp_talk_moment(const struct smtp_client *client);

/* Hear a reply, which must be there at a moment: its verdict and words. One that blames our login,
 * or the want of one, is not about the message and never NO. */
void smtp_talk_hear(struct smtp_client *client, int64_t moment, struct smtp_result *result);

/* Say a command, to which CRLF is appended, and hear the reply. */
void smtp_talk_say(struct smtp_client *client, struct text *command, struct smtp_result *result);
void smtp_talk_say_words(struct smtp_client *client, const char *verb, struct span argument,
			 struct smtp_result *result);

/* Whether nothing has come that was not heard: a reply that precedes what it seems to answer is
 * none. Else errno is EPROTO, or tells how the connection ended. */
bool smtp_talk_is_quiet(struct smtp_client *client);

/* The message could not be sent whole, for the reason in errno. A refusal that can be read is the
 * answer to it all the same; any other reply is worth nothing. The connection is of no more use. */
void smtp_talk_hear_refusal(struct smtp_client *client, struct smtp_result *result);

/* The connection is of no more use, for the reason in errno. What could not be done is logged. */
void smtp_talk_lose(struct smtp_client *client, enum queue_status status, const char *what,
		    struct smtp_result *result);

/* Refuse for now in words of our own. */
void smtp_talk_defer(struct smtp_result *result, const char *words);

#endif
