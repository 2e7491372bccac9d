#include "host/settings.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "unix/control.h"
#include "unix/environment.h"
#include "unix/tls_request.h"

#define LONGEST_LINE   8192	  /* bytes of a value */
#define LARGEST_NUMBER 1000000000 /* of seconds, recipients and the like */

/* A line that names this host: from its file, or else, and when that is empty, the default. */
static bool read_line(const char *name, const struct text *otherwise, struct text *line,
		      struct text *why)
{
	if (control_line(name, line, why) == VERDICT_LATER)
		return false;
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
	text_init_short(&settings->me, settings->short_texts.me, sizeof(settings->short_texts.me),
			LONGEST_LINE);
	text_init_short(&settings->greeting, settings->short_texts.greeting,
			sizeof(settings->short_texts.greeting), LONGEST_LINE);
	text_init_short(&settings->local_ip_host, settings->short_texts.local_ip_host,
			sizeof(settings->short_texts.local_ip_host), LONGEST_LINE);
	return read_line("me", NULL, &settings->me, why) &&
	       read_line("smtpgreeting", &settings->me, &settings->greeting, why) &&
	       read_line("localiphost", &settings->me, &settings->local_ip_host, why);
}

/* The names lie in the rows, not behind pointers: so no start of the program has to relocate them.
 */
static const struct {
	char name[16], variable[16]; /* without a variable: empty */
	uint64_t maximum, otherwise;
} numbers[] = {
	{"databytes", "DATABYTES", INT64_MAX, 0},
	{"mindatarate", "", LARGEST_NUMBER, 256},
	{"maxrecipients", "MAXRECIPIENTS", LARGEST_NUMBER, 1000},
	{"maxerrors", "MAXERRORS", LARGEST_NUMBER, 20},
	{"timeoutsmtpd", "", LARGEST_NUMBER, 300},
	{"tarpitcount", "TARPITCOUNT", LARGEST_NUMBER, 0},
	{"tarpitdelay", "TARPITDELAY", LARGEST_NUMBER, 5},
	{"greetdelay", "GREETDELAY", LARGEST_NUMBER, 0},
};

/* The rows, in their order. */
enum {
	DATA_BYTES,
	DATA_RATE,
	MOST_RECIPIENTS,
	MOST_ERRORS,
	TIMEOUT,
	TARPIT_COUNT,
	TARPIT_DELAY,
	GREET_DELAY,
	NUMBERS,
};

static_assert(sizeof(numbers) / sizeof(*numbers) == NUMBERS, "a row for each number");

/* name is the file or variable that the number comes from. */
static bool is_usable(unsigned row, const char *name, uint64_t number, struct text *why)
{
	if (row != MOST_RECIPIENTS || number > 0)
		return true;
	text_add_string(why, name);
	text_add_string(why, ": with 0 no mail could be taken");
	return false;
}

static bool read_numbers(struct settings *settings, struct text *why)
{
	struct smtp_settings *smtp = &settings->smtp;
	uint64_t found[NUMBERS];

	for (unsigned row = 0; row < NUMBERS; row++) {
		const char *name = numbers[row].name, *variable = numbers[row].variable;

		found[row] = numbers[row].otherwise;
		if (!control_number(name, *variable ? variable : NULL, numbers[row].maximum,
				    &found[row], why) ||
		    !is_usable(row, environment_get(variable) ? variable : name, found[row], why))
			return false;
	}
	smtp->largest_message = found[DATA_BYTES];
	settings->least_rate = found[DATA_RATE];
	smtp->most_recipients = (uint32_t)found[MOST_RECIPIENTS];
	smtp->most_errors = (uint32_t)found[MOST_ERRORS];
	settings->timeout_seconds = found[TIMEOUT] ? (uint32_t)found[TIMEOUT] : 1;
	smtp->tarpit_count = (uint32_t)found[TARPIT_COUNT];
	smtp->tarpit_delay = (uint32_t)found[TARPIT_DELAY];
	settings->greet_delay = smtp->may_relay ? 0 : (uint32_t)found[GREET_DELAY];
	return true;
}

static bool read_confined(struct span value, bool *is_confined, struct text *why)
{
	*is_confined = span_equal(value, SPAN("1"));
	if (*is_confined || value.length == 0 || span_equal(value, SPAN("0")))
		return true;
	text_add_string(why, "SANDBOX: neither 0 nor 1: ");
	text_add(why, value);
	return false;
}

bool settings_variable_is_usable(struct span name, struct span value, struct text *why)
{
	uint64_t number;
	bool is_confined;

	for (unsigned row = 0; row < NUMBERS; row++) {
		const char *variable = numbers[row].variable;

		if (*variable && span_equal(name, span_of(variable)))
			return control_number_of(variable, value, numbers[row].maximum, &number,
						 why) &&
			       is_usable(row, variable, number, why);
	}
	return !span_equal(name, SPAN("SANDBOX")) || read_confined(value, &is_confined, why);
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
		text_add_string(why, cdb_file_reason(errno));
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

bool settings_read(struct settings *settings, bool offers_auth, struct text *why)
{
	struct smtp_settings *smtp = &settings->smtp;
	const char *relay_client = environment_get("RELAYCLIENT");
	const char *odd_address = environment_get("ODDADDRESS");

	memset(settings, 0, sizeof(*settings));
	settings->timeout_seconds = 1;
	smtp->may_relay = relay_client != NULL;
	smtp->relay_suffix = span_of(relay_client);
	smtp->relay_unknown = environment_get("RELAYUNKNOWN") != NULL;
	smtp->takes_odd_addresses = odd_address && strcmp(odd_address, "1") == 0;
	read_security(smtp, offers_auth);
	if (!read_lines(settings, why) || !read_numbers(settings, why) ||
	    !read_confined(span_of(environment_get("SANDBOX")), &settings->is_confined, why) ||
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
