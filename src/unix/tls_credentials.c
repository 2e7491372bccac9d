#include "unix/tls_credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <tls.h>
#include <unistd.h>

#include "unix/file.h"

#define LARGEST_FILE                                                                \
	(4 * 1024 * 1024) /* bytes; a list of all authorities there are has 250,000 \
			   */
#define READ_SIZE 16384	  /* more room than a file needs: see read_file */

/* The library's words, and what they lack: what it says of a key that is not the certificate's
 * could mean anything, and where no system call failed it may add that there was success. */
static void add_reason(struct text *why, const char *reason)
{
	struct span words = span_of(reason ? reason : "unknown error"), success = SPAN(": Success");

	text_add_string(why, ": ");
	if (words.length > success.length && span_ends_folded(words, success))
		words = span_head(words, words.length - success.length);
	text_add(why, words);
	if (span_equal(words, SPAN("failed to load private key")))
		text_add_string(why, " (is it this certificate's?)");
}

static void explain(struct text *why, const char *what, const char *path, const char *reason)
{
	text_add_string(why, what);
	text_add_string(why, path);
	add_reason(why, reason);
}

/* Read a whole file into memory that was taken at once, so that no copy of a key is left behind
 * where a growing buffer had been. */
static bool read_file(const char *path, struct text *contents, struct text *why)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool is_read = false;
	struct stat status;

	if (descriptor != -1 && fstat(descriptor, &status) == 0) {
		size_t size = status.st_size < LARGEST_FILE ? (size_t)status.st_size : 0;

		errno = ENOMEM;
		if (text_reserve(contents, size + READ_SIZE))
			is_read = file_read_all(descriptor, contents) == 0;
	}
	if (!is_read)
		explain(why, "unable to read ", path, strerror(errno));
	if (descriptor != -1)
		close(descriptor);
	return is_read;
}

static struct span bytes_of(const struct text *text)
{
	return (struct span){text_string(text), text->length};
}

/* Give the contents of the files to the configuration. */
static bool configure(struct tls_config *config, const struct tls_credentials *credentials,
		      const struct text contents[3], struct text *why)
{
	struct span certificate = bytes_of(&contents[0]), key = bytes_of(&contents[1]),
		    authorities = bytes_of(&contents[2]);
	const char *ciphers = credentials->ciphers ? credentials->ciphers : TLS_CIPHERS;

	errno = 0; /* the library adds it to some of its reasons */
	if (tls_config_set_keypair_mem(config, (const uint8_t *)certificate.bytes,
				       certificate.length, (const uint8_t *)key.bytes,
				       key.length) == -1) {
		explain(why, "unable to use ", credentials->certificate, tls_config_error(config));
		return false;
	}
	if (tls_config_set_ciphers(config, ciphers) == -1) {
		explain(why, "unable to use the ciphers ", ciphers, tls_config_error(config));
		return false;
	}
	if (!credentials->authorities)
		return true;
	if (tls_config_set_ca_mem(config, (const uint8_t *)authorities.bytes, authorities.length) ==
	    -1) {
		explain(why, "unable to use ", credentials->authorities, tls_config_error(config));
		return false;
	}
	tls_config_verify_client_optional(config);
	return true;
}

/* libtls loads certificate, key and authorities only now, and does not say which it means. */
static bool load(struct tls *server, struct tls_config *config,
		 const struct tls_credentials *credentials, struct text *why)
{
	errno = 0;
	if (tls_configure(server, config) == 0)
		return true;
	text_add_string(why, "unable to use ");
	text_add_string(why, credentials->certificate);
	if (strcmp(credentials->key, credentials->certificate) != 0) {
		text_add_string(why, " with ");
		text_add_string(why, credentials->key);
	}
	if (credentials->authorities) {
		text_add_string(why, " and ");
		text_add_string(why, credentials->authorities);
	}
	add_reason(why, tls_error(server));
	return false;
}

struct tls *tls_credentials_load(const struct tls_credentials *credentials, struct text *why)
{
	const char *paths[] = {credentials->certificate, credentials->key,
			       credentials->authorities};
	struct tls_config *config = tls_config_new();
	struct tls *server = tls_server();
	struct text contents[3];
	bool is_ready = config && server;

	if (!is_ready)
		text_add_string(why, "unable to start the TLS library");
	for (size_t index = 0; index < 3; index++) {
		text_init(&contents[index], LARGEST_FILE + READ_SIZE);
		if (is_ready && paths[index])
			is_ready = read_file(paths[index], &contents[index], why);
	}
	is_ready = is_ready && configure(config, credentials, contents, why) &&
		   load(server, config, credentials, why);
	for (size_t index = 0; index < 3; index++) {
		text_wipe(&contents[index]);
		text_free(&contents[index]);
	}
	if (config)
		tls_config_clear_keys(config);
	tls_config_free(config);
	if (is_ready)
		return server;
	tls_free(server);
	return NULL;
}
