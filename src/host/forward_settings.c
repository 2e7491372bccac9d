#include "host/forward_settings.h"

#include "host/submission.h"
#include "queue/login.h"
#include "unix/control.h"
#include "unix/deadline.h"
#include "unix/report.h"
#include "unix/secret.h"

#define LONGEST_SECRETS (1024 * 1024) /* bytes of smtpauth */

static bool read_helo(struct text *helo, struct text *why)
{
	enum verdict verdict = control_line("helohost", helo, why);

	if (verdict == VERDICT_NO || (verdict == VERDICT_YES && helo->length == 0))
		verdict = control_line("me", helo, why);
	if (verdict != VERDICT_LATER && helo->length == 0)
		text_add_string(why, "there is neither control/helohost nor control/me");
	return verdict == VERDICT_YES && helo->length > 0;
}

static bool read_authorities(struct forward_settings *settings, struct text *why)
{
	struct text *authorities = &settings->authorities;
	enum verdict verdict = control_read("smtpca.pem", authorities, why);

	if (verdict == VERDICT_YES) /* an empty file is one without authorities */
		settings->client.authorities =
			(struct span){text_string(authorities), authorities->length};
	return verdict != VERDICT_LATER;
}

static bool read_logins(struct forward_settings *settings, struct text *why)
{
	struct text *logins = &settings->logins;
	enum verdict verdict = control_read_secret("smtpauth", logins, why);
	unsigned line;

	if (verdict != VERDICT_YES)
		return verdict == VERDICT_NO;
	if (secret_protect_process() == -1) {
		text_add_string(why, "unable to keep the passwords out of a core");
		return false;
	}
	settings->client.logins = text_span(logins);
	line = login_malformed(settings->client.logins);
	if (line) {
		text_add_string(why, "control/smtpauth: line ");
		text_add_number(why, line);
		text_add_string(why,
				": it is not HOST USER:PASSWORD, or has a control character in it");
	}
	return line == 0;
}

/* Read how long something may take. */
static bool read_seconds(const char *name, uint64_t *seconds, struct text *why)
{
	if (!control_number(name, NULL, SUBMISSION_PATIENCE, seconds, why))
		return false;
	if (*seconds == 0) {
		text_add_string(why, name);
		text_add_string(why, ": with 0 no mail could be handed on");
	}
	return *seconds > 0;
}

bool forward_settings_read(struct forward_settings *settings, uint32_t seconds, struct text *why)
{
	uint64_t connect = 60, step = 300;

	text_init(&settings->helo, REPORT_LINE);
	text_init(&settings->authorities, CONTROL_LARGEST);
	text_init(&settings->logins, LONGEST_SECRETS);
	settings->client = (struct smtp_client_settings){.connect_time = 0};
	if (!read_helo(&settings->helo, why) || !read_seconds("timeoutconnect", &connect, why) ||
	    !read_seconds("timeoutremote", &step, why) || !read_authorities(settings, why) ||
	    !read_logins(settings, why))
		return false;
	settings->client.helo = text_span(&settings->helo);
	settings->client.connect_time = (int64_t)connect * 1000;
	settings->client.step_time = (int64_t)step * 1000;
	settings->client.moment = deadline_in((int64_t)seconds * 1000);
	return true;
}

void forward_settings_free(struct forward_settings *settings)
{
	text_free(&settings->helo);
	text_free(&settings->authorities);
	text_wipe(&settings->logins);
	text_free(&settings->logins);
}
