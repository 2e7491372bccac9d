#include "unix/tls_client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <tls.h>

#include "unix/deadline.h"
#include "unix/tls_credentials.h"

#define LONGEST_NAME 256

/* What a call of the library came to, as the functions of a stream_layer say it. */
static ssize_t result_of(ssize_t count, short *events)
{
	if (count == TLS_WANT_POLLIN || count == TLS_WANT_POLLOUT) {
		*events = count == TLS_WANT_POLLIN ? POLLIN : POLLOUT;
		errno = EAGAIN;
		return -1;
	}
	/* The library's reason is not always the system's. EAGAIN would make the caller wait. */
	if (count < 0 && errno != ECONNRESET && errno != EPIPE)
		errno = EPROTO;
	return count < 0 ? -1 : count;
}

static ssize_t read_some(void *world, void *bytes, size_t size, short *events)
{
	return result_of(tls_read(world, bytes, size), events);
}

static ssize_t write_some(void *world, const void *bytes, size_t size, short *events)
{
	return result_of(tls_write(world, bytes, size), events);
}

static void end(void *world)
{
	tls_close(world); /* once: whether the other side hears it is not waited for */
	tls_free(world);
}

static const struct stream_layer layer = {read_some, write_some, end};

static bool configure(struct tls *client, struct tls_config *config, struct span authorities)
{
	return tls_config_set_protocols(config, TLS_PROTOCOL_TLSv1_2 | TLS_PROTOCOL_TLSv1_3) == 0 &&
	       tls_config_set_ciphers(config, TLS_CIPHERS) == 0 &&
	       (!authorities.bytes ||
		tls_config_set_ca_mem(config, (const uint8_t *)authorities.bytes,
				      authorities.length) == 0) &&
	       tls_configure(client, config) == 0;
}

static int shake_hands(struct tls *client, int descriptor, int64_t moment)
{
	for (;;) {
		short events = 0;

		errno = 0; /* the library adds it to some of its reasons */
		if (result_of(tls_handshake(client), &events) == 0)
			return 0;
		if (errno != EAGAIN) {
			errno = EPROTO;
			return -1;
		}
		if (deadline_wait(descriptor, events, moment) == -1)
			return -1;
	}
}

/* The name without the dot that may stand at the end of a domain. */
static bool copy_name(const char *name, char copy[LONGEST_NAME])
{
	size_t length = strlen(name);

	if (length && name[length - 1] == '.')
		length--;
	if (length == 0 || length >= LONGEST_NAME)
		return false;
	memcpy(copy, name, length);
	copy[length] = '\0';
	return true;
}

int tls_client_start(struct stream *stream, const char *name, struct span authorities,
		     int64_t moment, struct text *why)
{
	struct tls_config *config = tls_config_new();
	struct tls *client = tls_client();
	char host[LONGEST_NAME];
	int result = -1, kept;

	errno = ENOMEM;
	if (config && client) {
		errno = EPROTO;
		if (!copy_name(name, host))
			text_add_string(why, "its name is of no use");
		else if (!configure(client, config, authorities) ||
			 tls_connect_socket(client, stream->descriptor, host) == -1)
			errno = EPROTO;
		else
			result = shake_hands(client, stream->descriptor, moment);
	}
	kept = errno;
	if (result == 0) {
		stream->layer = &layer;
		stream->layer_world = client;
	} else if (kept == EPROTO && why->length == 0) {
		const char *reason = client ? tls_error(client) : NULL;

		if (!reason && config)
			reason = tls_config_error(config);
		text_add_string(why, reason ? reason : "unknown error");
	}
	if (result == -1)
		tls_free(client);
	tls_config_free(config);
	errno = kept;
	return result;
}
