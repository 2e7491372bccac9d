#include "unix/tls_credentials.h"

#include <tls.h>

#include "support/certificates.h"
#include "support/check.h"

static int make(void **state)
{
	(void)state;
	return certificates_make() ? 0 : -1;
}

static int clean(void **state)
{
	(void)state;
	certificates_remove();
	return 0;
}

static void test_credentials_are_used_or_explained(void **state)
{
	static const struct {
		const char *name, *certificate, *key, *authorities, *ciphers;
		const char *why; /* part of the reason; NULL: they are usable */
		const char *named;
	} cases[] = {
		{"two files", "cert.pem", "key.pem", NULL, NULL, NULL, NULL},
		{"one file", "both.pem", "both.pem", NULL, NULL, NULL, NULL},
		{"authorities", "cert.pem", "key.pem", "ca.pem", NULL, NULL, NULL},
		{"ciphers", "cert.pem", "key.pem", NULL, "ECDHE-ECDSA-AES128-GCM-SHA256", NULL,
		 NULL},
		{"no certificate", "none.pem", "key.pem", NULL, NULL, "No such file", "none.pem"},
		{"no key", "cert.pem", "none.pem", NULL, NULL, "No such file", "none.pem"},
		{"a directory", ".", "key.pem", NULL, NULL, "Is a directory", "/."},
		{"not PEM", "garbage.pem", "key.pem", NULL, NULL, "no start line", "garbage.pem"},
		{"empty", "empty.pem", "key.pem", NULL, NULL, "unable to use", "empty.pem"},
		{"empty key", "cert.pem", "empty.pem", NULL, NULL, "unable to use", "empty.pem"},
		{"a key for a certificate", "key.pem", "key.pem", NULL, NULL, "unable to use",
		 "key.pem"},
		{"a certificate for a key", "cert.pem", "cert.pem", NULL, NULL,
		 "failed to read private key", "cert.pem"},
		{"another's key", "cert.pem", "other.pem", NULL, NULL, "is it this certificate's?",
		 "other.pem"},
		{"a key under a password", "cert.pem", "locked.pem", NULL, NULL,
		 "failed to read private key", "locked.pem"},
		{"no authorities", "cert.pem", "key.pem", "none.pem", NULL, "No such file",
		 "none.pem"},
		{"authorities not PEM", "cert.pem", "key.pem", "garbage.pem", NULL, "unable to use",
		 "garbage.pem"},
		{"no such ciphers", "cert.pem", "key.pem", NULL, "MAGIC", "unable to use", "MAGIC"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		const struct tls_credentials credentials = {
			.certificate = certificates_path(cases[index].certificate),
			.key = certificates_path(cases[index].key),
			.authorities = cases[index].authorities
					       ? certificates_path(cases[index].authorities)
					       : NULL,
			.ciphers = cases[index].ciphers,
		};
		const char *name = cases[index].name, *reason;
		struct text why;
		struct tls *server;

		text_init(&why, 1000);
		server = tls_credentials_load(&credentials, &why);
		reason = text_string(&why);
		if (!cases[index].why && (!server || why.length))
			fail_msg("%s: not usable, %s", name, reason);
		if (cases[index].why && (server || !strstr(reason, cases[index].why) ||
					 !strstr(reason, cases[index].named)))
			fail_msg("%s: the reason is \"%s\"", name, reason);
		tls_free(server);
		text_free(&why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials_are_used_or_explained),
	};

	return cmocka_run_group_tests_name("tls_credentials", tests, make, clean);
}
