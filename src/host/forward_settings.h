/*
 * forward_settings: what queue-forward has to know before it speaks to a next hop, from the control
 * directory: helohost or me, timeoutconnect, timeoutremote, smtpca.pem and smtpauth.
 */
#ifndef HOST_FORWARD_SETTINGS_H
#define HOST_FORWARD_SETTINGS_H

#include <stdbool.h>

#include "base/text.h"
#include "host/smtp_client.h"

struct forward_settings {
	struct smtp_client_settings client; /* its spans are these: */
	struct text helo, authorities, logins;
};

/* Read them; all must be over after so many seconds. False when a file cannot be used, or there is
 * no name for EHLO; *why gets the reason, which shows no password. When there are passwords, this
 * process leaves no core and cannot be looked into any more. */
bool forward_settings_read(struct forward_settings *settings, uint32_t seconds, struct text *why);

/* Overwrite the passwords, and free all. */
void forward_settings_free(struct forward_settings *settings);

#endif
