#include "host/settings.h"

#include <errno.h>
#include <string.h>

#include "unix/control.h"
#include "unix/environment.h"
#include "unix/tls_request.h"

#define LONGEST_LINE   8192	  /* bytes of a value */
#define LARGEST_NUMBER 1000000000 /* of seconds, recipients and the like */

static bool is_control(char byte)
{
	return (byte >= 0 && byte < ' ') || byte == 0x7f;
}

/* A line that names this host: from its file, or else, and when that is empty, the default. */
static bool read_line(const char *name, const struct text *otherwise, struct text *line,
		      struct text *why)
{
	text_init(line, LONGEST_LINE);
	if (control_line(name, line, why) == VERDICT_LATER)
		return false;
	for (size_t index = 0; index < line->length; index++)
		if (is_control(line->bytes[index])) {
			text_add_string(why, name);
			text_add_string(why, ": there is a control character in its first line");
			return false;
		}
	if (line->length == 0 && otherwise)
		text_add(line, text_span(otherwise));
	if (line->length == 0) {
		struct text path;

		text_init(&path, LONGEST_LINE);
		control_path(name, &path);
		text_add_string(why, text_string(&path));
		text_add_string(why, ": there is no such file, or nothing in it");
		text_free(&path);
		return false;
	}
	return true;
}

static bool read_lines(struct settings *settings, struct text *why)
{
	return read_line("me", NULL, &settings->me, why) &&
	       read_line("smtpgreeting", &settings->me, &settings->greeting, why) &&
	       read_line("localiphost", &settings->me, &settings->local_ip_host, why);
}

static bool read_numbers(struct settings *settings, struct text *why)
{
	struct smtp_settings *smtp = &settings->smtp;
	uint64_t rate = 256, size = 0;
	uint32_t delay = 0;
	struct {
		const char *name, *variable;
		uint64_t maximum;
		uint32_t *setting;
		uint64_t *large_setting;
		uint32_t otherwise;
	} rows[] = {
		{"databytes", "DATABYTES", INT64_MAX, NULL, &size, 0},
		{"mindatarate", NULL, LARGEST_NUMBER, NULL, &rate, 0},
		{"maxrecipients", "MAXRECIPIENTS", LARGEST_NUMBER, &smtp->most_recipients, NULL,
		 1000},
		{"maxerrors", "MAXERRORS", LARGEST_NUMBER, &smtp->most_errors, NULL, 20},
		{"timeoutsmtpd", NULL, LARGEST_NUMBER, &settings->timeout_seconds, NULL, 300},
		{"tarpitcount", "TARPITCOUNT", LARGEST_NUMBER, &smtp->tarpit_count, NULL, 0},
		{"tarpitdelay", "TARPITDELAY", LARGEST_NUMBER, &smtp->tarpit_delay, NULL, 5},
		{"greetdelay", "GREETDELAY", LARGEST_NUMBER, &delay, NULL, 0},
	};

	for (size_t index = 0; index < sizeof(rows) / sizeof(*rows); index++) {
		uint64_t number = rows[index].large_setting ? *rows[index].large_setting
							    : rows[index].otherwise;

		if (!control_number(rows[index].name, rows[index].variable, rows[index].maximum,
				    &number, why))
			return false;
		if (rows[index].large_setting)
			*rows[index].large_setting = number;
		else
			*rows[index].setting = (uint32_t)number;
	}
	smtp->largest_message = size;
	settings->least_rate = rate;
	settings->greet_delay = smtp->may_relay ? 0 : delay;
	if (settings->timeout_seconds == 0)
		settings->timeout_seconds = 1;
	if (smtp->most_recipients == 0) {
		text_add_string(why, "maxrecipients: with 0 no mail could be taken");
		return false;
	}
	return true;
}

static bool open_cdb(struct cdb_file *file, const char *name, struct text *why)
{
	char room[LONGEST_LINE + 1];
	struct text path;
	bool is_good = true;

	text_init_in(&path, room, sizeof(room));
	control_path(name, &path);
	errno = ENAMETOOLONG; /* a path that is none must not pass for a file that is not there */
	if ((path.failed || cdb_file_open(file, text_string(&path)) == -1) && errno != ENOENT) {
		text_add_string(why, "unable to read ");
		text_add_string(why, path.failed ? name : text_string(&path));
		text_add_string(why, ": ");
		text_add_string(why, errno == EPROTO ? "it is no cdb" : strerror(errno));
		is_good = false;
	}
	return is_good;
}

/* AUTH and TLS, by the environment alone. */
static void read_security(struct smtp_settings *smtp, bool offers_auth)
{
	const char *auth = environment_get("SMTPAUTH"), *tls = environment_get("UCSPITLS");
	const char *protocol = environment_get("SSL_PROTOCOL");

	smtp->offers_auth = offers_auth && !(auth && strcmp(auth, "-") == 0);
	smtp->requires_auth = auth && auth[0] == '!';
	smtp->allows_clear_auth = environment_get("ALLOW_INSECURE_AUTH") != NULL;
	smtp->is_secured = protocol && *protocol; /* whoever is in front has done it */
	smtp->requires_tls = tls && strcmp(tls, "!") == 0;
	if (tls && strcmp(tls, "-") == 0)
		smtp->tls = SMTP_TLS_NONE;
	else if (tls_request_is_possible())
		smtp->tls = SMTP_TLS_OFFERED;
	else
		smtp->tls = tls ? SMTP_TLS_BROKEN : SMTP_TLS_NONE;
}

/* Any other value than 1, 0 and nothing is an error. */
static bool read_sandbox(bool *is_confined, struct text *why)
{
	const char *value = environment_get("SANDBOX");

	*is_confined = value && strcmp(value, "1") == 0;
	if (*is_confined || !value || !*value || strcmp(value, "0") == 0)
		return true;
	text_add_string(why, "SANDBOX: neither 0 nor 1: ");
	text_add_string(why, value);
	return false;
}

bool settings_read(struct settings *settings, bool offers_auth, struct text *why)
{
	struct smtp_settings *smtp = &settings->smtp;
	const char *relay_client = environment_get("RELAYCLIENT");
	const char *odd_address = environment_get("ODDADDRESS");

	*settings = (struct settings){.timeout_seconds = 1};
	smtp->may_relay = relay_client != NULL;
	smtp->relay_suffix = span_of(relay_client);
	smtp->relay_unknown = environment_get("RELAYUNKNOWN") != NULL;
	smtp->takes_odd_addresses = odd_address && strcmp(odd_address, "1") == 0;
	read_security(smtp, offers_auth);
	if (!read_lines(settings, why) || !read_numbers(settings, why) ||
	    !read_sandbox(&settings->is_confined, why) ||
	    entries_read(&settings->rcpthosts, "rcpthosts", why) == VERDICT_LATER ||
	    entries_read(&settings->badmailfrom, "badmailfrom", why) == VERDICT_LATER)
		return false;
	smtp->greeting = text_span(&settings->greeting);
	smtp->local_ip_host = text_span(&settings->local_ip_host);
	/* Without rcpthosts nobody asks morercpthosts. */
	return (!settings->rcpthosts.exists ||
		open_cdb(&settings->morercpthosts, "morercpthosts.cdb", why)) &&
	       open_cdb(&settings->recipients, "recipients.cdb", why);
}

void settings_free(struct settings *settings)
{
	text_free(&settings->me);
	text_free(&settings->greeting);
	text_free(&settings->local_ip_host);
	entries_free(&settings->rcpthosts);
	entries_free(&settings->badmailfrom);
	cdb_file_close(&settings->morercpthosts);
	cdb_file_close(&settings->recipients);
}
