#include "unix/tls_variables.h"

#include "support/check.h"
#include "unix/environment.h"

#define CHECK_LIST(name, list, expected)                                              \
	do {                                                                          \
		if (!span_equal(text_span(list), SPAN(expected)))                     \
			fail_msg("%s: the list has %zu bytes", name, (list)->length); \
	} while (0)

static void test_list_ends_with_one_more_nul(void **state)
{
	struct text list;

	(void)state;
	text_init(&list, 1000);
	tls_variables_end(&list);
	CHECK_LIST("no variables", &list, "\0\0");

	text_clear(&list);
	tls_variables_add(&list, "SSL_PROTOCOL", "TLSv1.3");
	tls_variables_add(&list, "SSL_TLS_SNI_SERVERNAME", NULL);
	tls_variables_add(&list, "SSL_CIPHER", "");
	tls_variables_end(&list);
	CHECK_LIST("two variables", &list, "SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=\0\0");
	text_free(&list);
}

static void test_what_a_client_says_is_made_printable(void **state)
{
	struct text list;

	(void)state;
	text_init(&list, 1000);
	tls_variables_add(&list, "SSL_TLS_SNI_SERVERNAME", "a\nb=c\x1b[2J\xff");
	tls_variables_end(&list);
	CHECK_LIST("control bytes", &list, "SSL_TLS_SNI_SERVERNAME=a?b=c?[2J?\0\0");
	text_free(&list);
}

static void test_what_was_said_of_another_connection_is_forgotten(void **state)
{
	static const char *const forgotten[] = {"SSL_PROTOCOL", "SSL_PEER_CERT_SUBJECT",
						"SSL_X",	"SSLCTLFD",
						"SSLREADFD",	"SSLWRITEFD"};

	(void)state;
	for (size_t index = 0; index < LENGTH(forgotten); index++)
		environment_set(forgotten[index], "7");
	environment_set("UCSPITLS", "!");
	tls_variables_forget();
	for (size_t index = 0; index < LENGTH(forgotten); index++)
		if (environment_get(forgotten[index]))
			fail_msg("%s is still there", forgotten[index]);
	assert_string_equal(environment_get("UCSPITLS"), "!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_ends_with_one_more_nul),
		cmocka_unit_test(test_what_a_client_says_is_made_printable),
		cmocka_unit_test(test_what_was_said_of_another_connection_is_forgotten),
	};

	return cmocka_run_group_tests_name("tls_variables", tests, NULL, NULL);
}
