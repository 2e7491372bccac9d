/*
 * tlsd: TLS for the program behind it, at once or when the program asks for it.
 *
 *     tlsd [-n] [-q] [-v] program [argument ...]
 *
 * Without -n, program gets SSLCTLFD, SSLREADFD and SSLWRITEFD, by which it can ask for TLS
 * (STARTTLS), and UCSPITLS, if that was not set; where TLS cannot be had it runs without the three,
 * and where UCSPITLS is "-" TLS is not offered. With -n the connection is under TLS before program
 * starts, which finds the SSL_ variables in its environment. Reads CERTFILE, KEYFILE, CAFILE,
 * TLSUID, TLSGID, TLSCHROOT, TLSTIMEOUT and TCPREMOTEIP. Exit 100: wrong usage or environment. Exit
 * 111: no TLS with -n, program cannot be run.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "unix/chain.h"
#include "unix/control.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/tls_engine.h"
#include "unix/tls_request.h"
#include "unix/tls_variables.h"

#define USAGE "[-n] [-q] [-v] program [argument ...]"

#define NOBODY	       65534 /* who the TLS process becomes when nothing else is said */
#define MOST_ID	       (UINT32_MAX - 1)
#define LONGEST_PATH   4096
#define LONGEST_REASON 8192

static uint32_t number(const char *variable, uint32_t least, uint32_t most, uint32_t otherwise)
{
	const char *value = environment_get(variable);

	if (value && !number_read(value, least, most, &otherwise))
		die(EXIT_PERMANENT, "%s wants a number from %lu to %lu, and is: %s", variable,
		    (unsigned long)least, (unsigned long)most, value);
	return otherwise;
}

static const char *path_of(const char *name, struct text *path)
{
	text_init(path, LONGEST_PATH);
	control_path(name, path);
	if (path->failed)
		die(EXIT_TEMPORARY, "the path of %s is too long", name);
	return text_string(path);
}

/* An empty value is no file, and no directory. */
static const char *name_of(const char *variable)
{
	const char *value = environment_get(variable);

	return value && *value ? value : NULL;
}

/* A file that is there but cannot be read, a symbolic link that leads nowhere among them, is not
 * taken for one that is not: then the process that reads it says what is wrong with it. */
static bool is_absent(const char *path)
{
	int descriptor = file_open(path);

	if (descriptor == -1)
		return errno == ENOENT;
	close(descriptor);
	return false;
}

/* Whoever names a certificate and no key keeps both in one file. So may who names neither. The
 * paths stay for the life of this process. */
static void find_credentials(struct tls_credentials *found, struct text *certificate,
			     struct text *key)
{
	found->certificate = name_of("CERTFILE");
	found->key = name_of("KEYFILE");
	found->authorities = name_of("CAFILE");
	found->ciphers = name_of("CIPHERS");
	if (!found->key && found->certificate)
		found->key = found->certificate;
	if (!found->certificate)
		found->certificate = path_of("servercert.pem", certificate);
	if (!found->key) {
		found->key = path_of("serverkey.pem", key);
		if (is_absent(found->key))
			found->key = found->certificate;
	}
}

/* The connection under TLS in place of the connection itself, or the end. */
static void start_now(uint32_t seconds)
{
	struct text list;

	text_init(&list, TLS_REQUEST_LIST);
	/* The TLS process keeps the time, and logs what went wrong there. */
	if (tls_request_make(seconds + 10, -1, &list) == -1) {
		if (errno == EPROTO)
			_exit(EXIT_TEMPORARY);
		die_errno(EXIT_TEMPORARY, "unable to start TLS");
	}
	tls_request_set(&list);
	environment_unset("UCSPITLS");
}

int main(int argc, char **argv)
{
	struct tls_engine engine = {.user = NOBODY};
	struct text certificate, key, why;
	const char *wish = environment_get("UCSPITLS");
	bool at_once = false;
	int letter;

	report_begin("tlsd");
	chain_ignore_signals();
	while ((letter = options_next(argc, argv, "nqv", USAGE)) != -1)
		switch (letter) {
		case 'n': at_once = true; break;
		case 'q': report_less(); break;
		case 'v': report_more(); break;
		}
	if (optind == argc)
		die_usage(USAGE, "a program is required");

	/* What was said of another connection must not pass for this one's: a program behind
	 * believes that it is under TLS when it finds SSL_PROTOCOL. */
	tls_variables_forget();
	if (!at_once && wish && strcmp(wish, "-") == 0)
		chain_exec(argv + optind);

	find_credentials(&engine.credentials, &certificate, &key);
	engine.user = number("TLSUID", 0, MOST_ID, NOBODY);
	engine.group = number("TLSGID", 0, MOST_ID, NOBODY);
	engine.directory = name_of("TLSCHROOT");
	engine.handshake_seconds = number("TLSTIMEOUT", 1, 3600, 60);
	engine.client = environment_get("TCPREMOTEIP");
	if (!engine.client)
		engine.client = "unknown";

	text_init(&why, LONGEST_REASON);
	if (!tls_engine_start(&engine, &why)) {
		if (at_once)
			die(EXIT_TEMPORARY, "no TLS: %s", text_string(&why));
		warn("no TLS for %s: %s", engine.client, text_string(&why));
	}
	if (at_once)
		start_now(engine.handshake_seconds);
	else if (!wish)
		environment_set("UCSPITLS", "");
	chain_exec(argv + optind);
}
