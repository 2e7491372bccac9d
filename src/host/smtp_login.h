/*
 * smtp_login: the login at a next hop, with the name and password that control/smtpauth has for it.
 *
 * They are said under TLS, or to this machine itself, and never else. A next hop that does not take
 * them finds fault with us and not with the message: that is LATER. Neither they nor what the next
 * hop repeats of them reaches the log.
 */
#ifndef HOST_SMTP_LOGIN_H
#define HOST_SMTP_LOGIN_H

#include "host/smtp_client.h"

/* Log in where there is a login for the route; YES: that is done, or there is none. */
void smtp_login(struct smtp_client *client, const struct route *route, struct smtp_result *result);

/* The next hop has said in a reply that it wants a login, another one, or TLS: the result becomes a
 * deferral, and what it said goes to the log. Does nothing for a reply to the login itself. */
void smtp_login_wanted(struct smtp_client *client, struct smtp_result *result);

#endif
