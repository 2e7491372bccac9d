#include "host/forward_settings.h"

#include <sys/prctl.h>
#include <sys/stat.h>

#include "support/check.h"
#include "support/control_directory.h"
#include "unix/deadline.h"

static int start_fresh(void **state)
{
	(void)state;
	control_directory_clear();
	control_directory_put("me", SPAN("mail.example.org\n"));
	return 0;
}

static void put_secret(const char *name, struct span contents, mode_t mode)
{
	char path[200];

	control_directory_put(name, contents);
	assert_int_equal(chmod(control_directory_path(name, path), mode), 0);
}

static void must_read(struct forward_settings *settings)
{
	struct text why;

	text_init(&why, 1000);
	if (!forward_settings_read(settings, 100, &why))
		fail_msg("%s", text_string(&why));
	assert_int_equal(why.length, 0);
	text_free(&why);
}

static void test_forward_settings_defaults(void **state)
{
	struct forward_settings settings;
	int64_t latest;

	(void)state;
	must_read(&settings);
	latest = deadline_in(100000);
	CHECK_SPAN("helo", settings.client.helo, "mail.example.org");
	assert_int_equal(settings.client.connect_time, 60000);
	assert_int_equal(settings.client.step_time, 300000);
	assert_in_range(settings.client.moment, latest - 5000, latest);
	assert_null(settings.client.authorities.bytes); /* the system's */
	assert_int_equal(settings.client.logins.length, 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	forward_settings_free(&settings);
}

static void test_forward_settings_read_each_file(void **state)
{
	struct forward_settings settings;

	(void)state;
	control_directory_put("helohost", SPAN("mx.example.org\n"));
	control_directory_put("timeoutconnect", SPAN("5\n"));
	control_directory_put("timeoutremote", SPAN("7\n"));
	control_directory_put("smtpca.pem", SPAN("an authority\n"));
	put_secret("smtpauth", SPAN("smart.example ann:secret\n"), 0640);
	must_read(&settings);
	CHECK_SPAN("helo", settings.client.helo, "mx.example.org");
	assert_int_equal(settings.client.connect_time, 5000);
	assert_int_equal(settings.client.step_time, 7000);
	CHECK_SPAN("authorities", settings.client.authorities, "an authority\n");
	CHECK_SPAN("logins", settings.client.logins, "smart.example ann:secret\n");
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0); /* no core has the password */
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	forward_settings_free(&settings);
}

static void test_forward_settings_an_empty_list_of_authorities_trusts_nobody(void **state)
{
	struct forward_settings settings;

	(void)state;
	control_directory_put("smtpca.pem", SPAN(""));
	must_read(&settings);
	assert_non_null(settings.client.authorities.bytes);
	assert_int_equal(settings.client.authorities.length, 0);
	forward_settings_free(&settings);
}

static void test_forward_settings_an_empty_helohost_is_none(void **state)
{
	struct forward_settings settings;

	(void)state;
	control_directory_put("helohost", SPAN("\n"));
	must_read(&settings);
	CHECK_SPAN("helo", settings.client.helo, "mail.example.org");
	forward_settings_free(&settings);
}

static void test_forward_settings_refuse_what_cannot_be_used(void **state)
{
	static const struct {
		const char *name, *file;
		struct span contents;
		mode_t mode;
		const char *why;
	} cases[] = {
		{"CR in the name", "me", BYTES("mail.example.org\r\n"), 0600,
		 "me: there is a control character in its first line"},
		{"no name", "me", BYTES(""), 0600, "there is neither control/helohost nor"},
		{"a time that is none", "timeoutconnect", BYTES("soon\n"), 0600, "timeoutconnect"},
		{"too long a time", "timeoutremote", BYTES("86401\n"), 0600, "timeoutremote"},
		{"no time to connect", "timeoutconnect", BYTES("0\n"), 0600,
		 "timeoutconnect: with 0 no mail could be handed on"},
		{"no time to answer", "timeoutremote", BYTES("0\n"), 0600,
		 "timeoutremote: with 0 no mail could be handed on"},
		{"less than none", "timeoutremote", BYTES("-1\n"), 0600,
		 "timeoutremote: with 0 no mail could be handed on"},
		{"a malformed login", "smtpauth", BYTES("a b:c\nsmart secret\n"), 0600,
		 "control/smtpauth: line 2: it is not HOST USER:PASSWORD"},
		{"passwords for all to read", "smtpauth", BYTES("a b:secret\n"), 0644,
		 "it holds passwords, and others have rights to it"},
		{"passwords for all to write", "smtpauth", BYTES("a b:secret\n"), 0602,
		 "it holds passwords, and others have rights to it"},
	};

	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct forward_settings settings;
		struct text why;

		start_fresh(state);
		put_secret(cases[index].file, cases[index].contents, cases[index].mode);
		text_init(&why, 1000);
		if (forward_settings_read(&settings, 100, &why) ||
		    !strstr(text_string(&why), cases[index].why))
			fail_msg("%s: %s", cases[index].name, text_string(&why));
		if (strstr(text_string(&why), "secret"))
			fail_msg("%s: a password is shown", cases[index].name);
		forward_settings_free(&settings);
		text_free(&why);
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_forward_settings_defaults, start_fresh),
		cmocka_unit_test_setup(test_forward_settings_read_each_file, start_fresh),
		cmocka_unit_test_setup(
			test_forward_settings_an_empty_list_of_authorities_trusts_nobody,
			start_fresh),
		cmocka_unit_test_setup(test_forward_settings_an_empty_helohost_is_none,
				       start_fresh),
		cmocka_unit_test(test_forward_settings_refuse_what_cannot_be_used),
	};

	return cmocka_run_group_tests_name("forward_settings", tests, control_directory_make,
					   control_directory_remove);
}
