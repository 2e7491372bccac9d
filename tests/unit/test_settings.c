#include "host/settings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "support/control_directory.h"
#include "support/nth_allocation.h"

static const char *const variables[] = {
	"RELAYCLIENT",	 "RELAYUNKNOWN",       "ODDADDRESS",  "DATABYTES",  "MAXERRORS",
	"MAXRECIPIENTS", "TARPITCOUNT",	       "TARPITDELAY", "GREETDELAY", "SANDBOX",
	"SMTPAUTH",	 "UCSPITLS",	       "SSLCTLFD",    "SSLREADFD",  "SSLWRITEFD",
	"SSL_PROTOCOL",	 "ALLOW_INSECURE_AUTH"};

static int start_fresh(void **state)
{
	(void)state;
	for (size_t index = 0; index < LENGTH(variables); index++)
		unsetenv(variables[index]);
	control_directory_clear();
	control_directory_put("me", SPAN("mail.example.org\n"));
	return 0;
}

static void must_read(struct settings *settings)
{
	struct text why;

	text_init(&why, 10000);
	if (!settings_read(settings, false, &why))
		fail_msg("%s", text_string(&why));
	text_free(&why);
}

static void test_settings_defaults(void **state)
{
	struct settings settings;

	(void)state;
	must_read(&settings);
	CHECK_SPAN("greeting", settings.smtp.greeting, "mail.example.org");
	CHECK_SPAN("localiphost", settings.smtp.local_ip_host, "mail.example.org");
	assert_false(settings.smtp.may_relay);
	assert_false(settings.smtp.relay_unknown);
	assert_false(settings.smtp.takes_odd_addresses);
	assert_int_equal(settings.smtp.largest_message, 0);
	assert_int_equal(settings.smtp.most_recipients, 1000);
	assert_int_equal(settings.smtp.most_errors, 20);
	assert_int_equal(settings.smtp.tarpit_count, 0);
	assert_int_equal(settings.smtp.tarpit_delay, 5);
	assert_int_equal(settings.timeout_seconds, 300);
	assert_int_equal(settings.least_rate, 256);
	assert_int_equal(settings.greet_delay, 0);
	assert_false(settings.rcpthosts.exists);
	assert_false(settings.recipients.is_open);
	assert_false(settings.smtp.offers_auth);
	assert_int_equal(settings.smtp.tls, SMTP_TLS_NONE);
	settings_free(&settings);
}

static void test_settings_read_each_file(void **state)
{
	static const char *const none[] = {NULL};
	struct settings settings;

	(void)state;
	control_directory_put("smtpgreeting", SPAN("hello there \n"));
	control_directory_put("localiphost", SPAN("ip.example.org\n"));
	control_directory_put("rcpthosts", SPAN("example.org\n"));
	control_directory_put("badmailfrom", SPAN("a@b\n"));
	control_directory_put_cdb("morercpthosts.cdb", none);
	control_directory_put_cdb("recipients.cdb", none);
	control_directory_put("databytes", SPAN("5000000000\n"));
	control_directory_put("maxrecipients", SPAN("7\n"));
	control_directory_put("maxerrors", SPAN("0\n"));
	control_directory_put("timeoutsmtpd", SPAN("1200\n"));
	control_directory_put("mindatarate", SPAN("0\n"));
	control_directory_put("tarpitcount", SPAN("50\n"));
	control_directory_put("tarpitdelay", SPAN("9\n"));
	control_directory_put("greetdelay", SPAN("3\n"));
	must_read(&settings);
	CHECK_SPAN("me", text_span(&settings.me), "mail.example.org");
	CHECK_SPAN("greeting", settings.smtp.greeting, "hello there");
	CHECK_SPAN("localiphost", settings.smtp.local_ip_host, "ip.example.org");
	assert_true(settings.rcpthosts.exists);
	assert_true(settings.morercpthosts.is_open);
	assert_true(settings.recipients.is_open);
	assert_int_equal(entries_find(&settings.badmailfrom, SPAN("A@B")), VERDICT_YES);
	assert_int_equal(settings.smtp.largest_message, 5000000000);
	assert_int_equal(settings.smtp.most_recipients, 7);
	assert_int_equal(settings.smtp.most_errors, 0);
	assert_int_equal(settings.smtp.tarpit_count, 50);
	assert_int_equal(settings.smtp.tarpit_delay, 9);
	assert_int_equal(settings.timeout_seconds, 1200);
	assert_int_equal(settings.least_rate, 0);
	assert_int_equal(settings.greet_delay, 3);
	settings_free(&settings);
}

static void test_settings_the_environment_overrides(void **state)
{
	struct settings settings;

	(void)state;
	control_directory_put("tarpitcount", SPAN("50\n"));
	control_directory_put("databytes", SPAN("nonsense\n"));
	control_directory_put("greetdelay", SPAN("3\n"));
	setenv("TARPITCOUNT", "0", 1);
	setenv("TARPITDELAY", "1", 1);
	setenv("DATABYTES", "77", 1);
	setenv("MAXRECIPIENTS", "8", 1);
	setenv("MAXERRORS", "9", 1);
	setenv("RELAYCLIENT", "@fix.example", 1);
	setenv("RELAYUNKNOWN", "", 1);
	setenv("ODDADDRESS", "1", 1);
	must_read(&settings);
	assert_int_equal(settings.smtp.tarpit_count, 0);
	assert_int_equal(settings.smtp.tarpit_delay, 1);
	assert_int_equal(settings.smtp.largest_message, 77);
	assert_int_equal(settings.smtp.most_recipients, 8);
	assert_int_equal(settings.smtp.most_errors, 9);
	assert_true(settings.smtp.may_relay);
	CHECK_SPAN("suffix", settings.smtp.relay_suffix, "@fix.example");
	assert_true(settings.smtp.relay_unknown);
	assert_true(settings.smtp.takes_odd_addresses);
	assert_int_equal(settings.greet_delay, 0); /* a customer does not wait */
	settings_free(&settings);
	setenv("RELAYCLIENT", "", 1);
	setenv("ODDADDRESS", "0", 1);
	must_read(&settings);
	assert_true(settings.smtp.may_relay);
	assert_int_equal(settings.smtp.relay_suffix.length, 0);
	assert_false(settings.smtp.takes_odd_addresses);
	settings_free(&settings);
}

static void set(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void test_settings_of_auth_and_tls_are_the_environments(void **state)
{
	static const struct {
		const char *name, *auth, *tls, *protocol; /* NULL: unset */
		bool is_in_front, offers_auth, requires_auth, requires_tls, is_secured;
		enum smtp_tls offered;
	} cases[] = {
		{"nothing", NULL, NULL, NULL, false, true, false, false, false, SMTP_TLS_NONE},
		{"AUTH off", "-", NULL, NULL, false, false, false, false, false, SMTP_TLS_NONE},
		{"AUTH required", "!", NULL, NULL, false, true, true, false, false, SMTP_TLS_NONE},
		{"AUTH on", "x!", NULL, NULL, false, true, false, false, false, SMTP_TLS_NONE},
		{"TLS in front", NULL, NULL, NULL, true, true, false, false, false,
		 SMTP_TLS_OFFERED},
		{"TLS off", NULL, "-", NULL, true, true, false, false, false, SMTP_TLS_NONE},
		{"TLS required", NULL, "!", NULL, true, true, false, true, false, SMTP_TLS_OFFERED},
		{"but not there", NULL, "!", NULL, false, true, false, true, false,
		 SMTP_TLS_BROKEN},
		{"TLS at once", NULL, NULL, "TLSv1.3", false, true, false, false, true,
		 SMTP_TLS_NONE},
		{"an empty protocol", NULL, NULL, "", false, true, false, false, false,
		 SMTP_TLS_NONE},
	};
	char descriptor[20];

	(void)state;
	snprintf(descriptor, sizeof(descriptor), "%d", fcntl(1, F_DUPFD, 3));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct settings settings;
		struct text why;

		text_init(&why, 1000);
		set("SMTPAUTH", cases[index].auth);
		set("UCSPITLS", cases[index].tls);
		set("SSLCTLFD", cases[index].is_in_front ? descriptor : NULL);
		set("SSLREADFD", cases[index].is_in_front ? descriptor : NULL);
		set("SSLWRITEFD", cases[index].is_in_front ? descriptor : NULL);
		set("SSL_PROTOCOL", cases[index].protocol);
		assert_true(settings_read(&settings, true, &why));
		if (settings.smtp.offers_auth != cases[index].offers_auth ||
		    settings.smtp.requires_auth != cases[index].requires_auth ||
		    settings.smtp.requires_tls != cases[index].requires_tls ||
		    settings.smtp.is_secured != cases[index].is_secured ||
		    settings.smtp.tls != cases[index].offered)
			fail_msg("%s", cases[index].name);
		settings_free(&settings);
		text_free(&why);
	}
	close(atoi(descriptor));
}

static void test_settings_a_timeout_is_never_nothing(void **state)
{
	struct settings settings;

	(void)state;
	control_directory_put("timeoutsmtpd", SPAN("0\n"));
	must_read(&settings);
	assert_int_equal(settings.timeout_seconds, 1);
	settings_free(&settings);
	control_directory_put("timeoutsmtpd", SPAN("-1\n"));
	must_read(&settings);
	assert_int_equal(settings.timeout_seconds, 1);
	settings_free(&settings);
}

static void test_settings_name_what_is_wrong(void **state)
{
	static const struct {
		const char *name, *contents; /* NULL: a directory stands there */
	} cases[] = {
		{"me", ""},
		{"me", "mail\rexample\n"},
		{"me", NULL},
		{"smtpgreeting", NULL},
		{"localiphost", NULL},
		{"rcpthosts", NULL},
		{"badmailfrom", NULL},
		{"recipients.cdb", NULL},
		{"recipients.cdb", "no cdb"},
		{"databytes", NULL},
		{"databytes", "12x\n"},
		{"databytes", "99999999999999999999\n"},
		{"maxrecipients", "0\n"},
		{"maxrecipients", "many\n"},
		{"maxerrors", "1 2\n"},
		{"timeoutsmtpd", "5m\n"},
		{"mindatarate", "x\n"},
		{"tarpitcount", "x\n"},
		{"tarpitdelay", "1.5\n"},
		{"greetdelay", "x\n"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct settings settings;
		struct text why;
		char path[200];

		start_fresh(state);
		if (cases[index].contents) {
			control_directory_put(cases[index].name, span_of(cases[index].contents));
		} else {
			remove(control_directory_path(cases[index].name, path));
			assert_int_equal(mkdir(path, 0700), 0);
		}
		text_init(&why, 10000);
		if (settings_read(&settings, false, &why))
			fail_msg("%s is taken though it is wrong", cases[index].name);
		if (!strstr(text_string(&why), cases[index].name))
			fail_msg("%s: \"%s\" does not name it", cases[index].name,
				 text_string(&why));
		settings_free(&settings);
		text_free(&why);
	}
}

/* Asked for one variable, the answer is the one that the reading gives with it, reason and all. */
static void test_settings_variables_are_usable_or_not(void **state)
{
	static const struct {
		const char *name, *value, *reason; /* NULL: it is usable */
	} cases[] = {
		{"DATABYTES", "9223372036854775807", NULL},
		{"DATABYTES", "9223372036854775808",
		 "DATABYTES: not a number from 0 to 9223372036854775807: 9223372036854775808"},
		{"DATABYTES", "5M", "DATABYTES: not a number from 0 to 9223372036854775807: 5M"},
		{"MAXRECIPIENTS", "1", NULL},
		{"MAXRECIPIENTS", "0", "MAXRECIPIENTS: with 0 no mail could be taken"},
		{"MAXRECIPIENTS", "", "MAXRECIPIENTS: with 0 no mail could be taken"},
		{"MAXRECIPIENTS", "-5", "MAXRECIPIENTS: with 0 no mail could be taken"},
		{"MAXERRORS", "", NULL},
		{"MAXERRORS", "-5", NULL},
		{"TARPITCOUNT", "x", "TARPITCOUNT: not a number from 0 to 1000000000: x"},
		{"TARPITDELAY", " 5", "TARPITDELAY: not a number from 0 to 1000000000:  5"},
		{"GREETDELAY", "1000000001",
		 "GREETDELAY: not a number from 0 to 1000000000: 1000000001"},
		{"SANDBOX", "", NULL},
		{"SANDBOX", "0", NULL},
		{"SANDBOX", "1", NULL},
		{"SANDBOX", "yes", "SANDBOX: neither 0 nor 1: yes"},
		{"MINDATARATE", "x", NULL},
		{"RELAYCLIENT", "x", NULL},
		{"RELAYUNKNOWN", "", NULL},
	};

	for (size_t index = 0; index < LENGTH(cases); index++) {
		const char *reason = cases[index].reason ? cases[index].reason : "";
		struct settings settings;
		struct text why;

		start_fresh(state);
		text_init(&why, 10000);
		if (settings_variable_is_usable(span_of(cases[index].name),
						span_of(cases[index].value),
						&why) == (cases[index].reason != NULL))
			fail_msg("%s=%s", cases[index].name, cases[index].value);
		CHECK_SPAN(cases[index].value, text_span(&why), reason);
		text_clear(&why);
		setenv(cases[index].name, cases[index].value, 1);
		if (settings_read(&settings, false, &why) == (cases[index].reason != NULL))
			fail_msg("%s=%s when all is read", cases[index].name, cases[index].value);
		CHECK_SPAN(cases[index].value, text_span(&why), reason);
		if (!cases[index].reason && strcmp(cases[index].name, "SANDBOX") == 0)
			assert_int_equal(settings.is_confined, cases[index].value[0] == '1');
		settings_free(&settings);
		text_free(&why);
	}
	start_fresh(state);
}

static void test_settings_morercpthosts_counts_only_beside_rcpthosts(void **state)
{
	struct settings settings;
	struct text why;

	(void)state;
	control_directory_put("morercpthosts.cdb", SPAN("no cdb"));
	must_read(&settings);
	assert_false(settings.morercpthosts.is_open);
	settings_free(&settings);
	control_directory_put("rcpthosts", SPAN(""));
	text_init(&why, 10000);
	assert_false(settings_read(&settings, false, &why));
	assert_non_null(strstr(text_string(&why), "morercpthosts.cdb"));
	settings_free(&settings);
	text_free(&why);
}

/* Else a client would hear for good that his recipient is none of ours, or all would be. */
static void test_settings_without_memory_are_none(void **state)
{
	static const char *const keys[] = {"example.org", NULL};
	char line[2000];
	struct settings settings;
	bool is_good = false;
	struct text why;

	(void)state;
	/* Longer than what settings have room for without memory. */
	memset(line, 'x', sizeof(line));
	control_directory_put("me", (struct span){line, 100});
	control_directory_put("smtpgreeting", (struct span){line, 100});
	control_directory_put("rcpthosts", (struct span){line, sizeof(line)});
	control_directory_put("badmailfrom", (struct span){line, sizeof(line)});
	control_directory_put_cdb("morercpthosts.cdb", keys);
	control_directory_put_cdb("recipients.cdb", keys);
	for (unsigned number = 1; number < 200 && (!is_good || fails_at <= allocations); number++) {
		text_init(&why, 10000);
		allocations = 0;
		fails_at = number;
		is_good = settings_read(&settings, false, &why);
		if (is_good && (!settings.rcpthosts.exists || !settings.badmailfrom.exists ||
				!settings.morercpthosts.is_open || !settings.recipients.is_open))
			fail_msg("realloc %u: a file counts as absent", number);
		settings_free(&settings);
		text_free(&why);
	}
	assert_true(is_good);
	assert_true(fails_at > 4);
	fails_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_settings_defaults, start_fresh),
		cmocka_unit_test_setup(test_settings_read_each_file, start_fresh),
		cmocka_unit_test_setup(test_settings_the_environment_overrides, start_fresh),
		cmocka_unit_test_setup(test_settings_of_auth_and_tls_are_the_environments,
				       start_fresh),
		cmocka_unit_test_setup(test_settings_without_memory_are_none, start_fresh),
		cmocka_unit_test_setup(test_settings_a_timeout_is_never_nothing, start_fresh),
		cmocka_unit_test_setup(test_settings_name_what_is_wrong, start_fresh),
		cmocka_unit_test_setup(test_settings_variables_are_usable_or_not, start_fresh),
		cmocka_unit_test_setup(test_settings_morercpthosts_counts_only_beside_rcpthosts,
				       start_fresh),
	};

	return cmocka_run_group_tests_name("settings", tests, control_directory_make,
					   control_directory_remove);
}
