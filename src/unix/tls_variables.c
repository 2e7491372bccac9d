#include "unix/tls_variables.h"

#include <tls.h>

#include "unix/environment.h"

void tls_variables_add(struct text *list, const char *name, const char *value)
{
	if (!value)
		return;
	text_add_string(list, name);
	text_add_byte(list, '=');
	text_add_printable(list, span_of(value), (struct span){NULL, 0});
	text_add_byte(list, '\0');
}

void tls_variables_end(struct text *list)
{
	if (list->length == 0)
		text_add_byte(list, '\0');
	text_add_byte(list, '\0');
}

void tls_variables_describe(struct tls *connection, struct text *list)
{
	tls_variables_add(list, "SSL_PROTOCOL", tls_conn_version(connection));
	tls_variables_add(list, "SSL_CIPHER", tls_conn_cipher(connection));
	tls_variables_add(list, "SSL_TLS_SNI_SERVERNAME", tls_conn_servername(connection));
	if (tls_peer_cert_provided(connection)) {
		tls_variables_add(list, "SSL_PEER_CERT_HASH", tls_peer_cert_hash(connection));
		tls_variables_add(list, "SSL_PEER_CERT_SUBJECT", tls_peer_cert_subject(connection));
	}
	tls_variables_end(list);
}

void tls_variables_forget(void)
{
	environment_unset_all("SSL_");
	environment_unset("SSLCTLFD");
	environment_unset("SSLREADFD");
	environment_unset("SSLWRITEFD");
}
