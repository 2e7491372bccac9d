#include "unix/tls_request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/deadline.h"
#include "unix/environment.h"
#include "unix/file.h"

enum { CONTROL, READ, WRITE, COUNT = TLS_REQUEST_DESCRIPTORS };

static const char *const names[COUNT] = {"SSLCTLFD", "SSLREADFD", "SSLWRITEFD"};

static bool find_descriptors(int descriptors[COUNT])
{
	for (int index = 0; index < COUNT; index++) {
		const char *value = environment_get(names[index]);
		uint32_t number;

		/* The connection itself cannot be its own TLS. */
		if (!value || !number_read(value, 3, INT_MAX, &number) ||
		    fcntl((int)number, F_GETFD) == -1)
			return false;
		descriptors[index] = (int)number;
	}
	return true;
}

static void forget_descriptors(void)
{
	for (int index = 0; index < COUNT; index++)
		environment_unset(names[index]);
}

void tls_request_begin(void)
{
	if (!tls_request_is_possible())
		forget_descriptors();
}

bool tls_request_is_possible(void)
{
	int descriptors[COUNT];

	return find_descriptors(descriptors);
}

void tls_request_descriptors(int descriptors[TLS_REQUEST_DESCRIPTORS])
{
	if (!find_descriptors(descriptors))
		for (int index = 0; index < COUNT; index++)
			descriptors[index] = -1;
}

/* What the answer is waited for with. */
struct wait {
	int control;
	bool is_shared; /* what the client says under TLS comes on it, too */
	int stop;
	uint64_t until;
};

/* Who has an answer takes it, even when he shall stop: then he can say so under TLS. */
static int wait_for(const struct wait *wait)
{
	for (;;) {
		struct pollfd polled[] = {{.fd = wait->control, .events = POLLIN},
					  {.fd = wait->stop, .events = POLLIN}};
		uint64_t time = deadline_now();
		int ready = time < wait->until ? poll(polled, 2, (int)(wait->until - time)) : 0;

		if (ready > 0 && polled[0].revents)
			return 0;
		if (ready == -1 && errno == EINTR)
			continue;
		if (ready != -1)
			errno = ready ? ECANCELED : ETIMEDOUT;
		return -1;
	}
}

static bool is_empty_list(const struct text *list)
{
	return list->length == 1 && list->bytes[0] == '\0';
}

/* Whether the list has its end, an empty item. */
static bool is_complete(const struct text *list)
{
	return list->length >= 2 && list->bytes[list->length - 1] == '\0' &&
	       list->bytes[list->length - 2] == '\0';
}

/* No variables at all are one NUL or two. Behind a first one: is the second there? Otherwise what
 * comes next is the client's. */
static bool ends_here(int control)
{
	char next;

	return recv(control, &next, 1, MSG_PEEK | MSG_DONTWAIT) != 1 || next != '\0';
}

/* What follows a list on a descriptor that is_shared is what the client says under TLS. So there it
 * is read byte by byte, which is nothing beside a handshake, and does not end where the descriptor
 * does. */
static int read_list(const struct wait *wait, struct text *list)
{
	char bytes[4096];

	while (!is_complete(list) &&
	       !(wait->is_shared && is_empty_list(list) && ends_here(wait->control))) {
		ssize_t count;

		if (wait_for(wait) == -1)
			return -1;
		count = file_read(wait->control, bytes, wait->is_shared ? 1 : sizeof(bytes));
		if (count == -1)
			return -1;
		if (count == 0)
			break;
		text_add(list, (struct span){bytes, (size_t)count});
		if (list->failed)
			break;
	}
	errno = EPROTO;
	return !list->failed && (is_complete(list) || is_empty_list(list)) ? 0 : -1;
}

/* Whether this descriptor is one of those that stand before it. */
static bool is_again(const int descriptors[COUNT], int index)
{
	for (int earlier = 0; earlier < index; earlier++)
		if (descriptors[earlier] == descriptors[index])
			return true;
	return false;
}

int tls_request_make(uint32_t seconds, int stop, struct text *list)
{
	struct wait wait = {.stop = stop, .until = deadline_now() + (uint64_t)seconds * 1000};
	int descriptors[COUNT], result = -1, kept;

	errno = ENOTCONN;
	if (!find_descriptors(descriptors))
		return -1;
	wait.control = descriptors[CONTROL];
	wait.is_shared = wait.control == descriptors[READ] || wait.control == descriptors[WRITE];
	if (file_write(wait.control, SPAN("Y")) == 0)
		result = read_list(&wait, list);
	if (result == 0 && (dup2(descriptors[READ], 0) == -1 || dup2(descriptors[WRITE], 1) == -1))
		result = -1;
	kept = errno;
	for (int index = 0; index < COUNT; index++)
		if (!is_again(descriptors, index))
			close(descriptors[index]);
	forget_descriptors();
	errno = kept;
	return result;
}

/* What a TLS library of a later program would heed: whose certificates it is to believe. */
static bool is_for_libraries(const char *item)
{
	static const char *const reserved[] = {"SSL_CERT_FILE", "SSL_CERT_DIR"};
	size_t length = strcspn(item, "=");

	for (size_t index = 0; index < sizeof(reserved) / sizeof(*reserved); index++)
		if (strlen(reserved[index]) == length && memcmp(item, reserved[index], length) == 0)
			return true;
	return false;
}

void tls_request_set(struct text *list)
{
	size_t start = 0;

	while (start < list->length) {
		char *item = list->bytes + start;
		char *equals = strchr(item, '=');

		start += strlen(item) + 1;
		if (strncmp(item, "SSL_", 4) != 0 || is_for_libraries(item))
			continue;
		if (!equals) {
			environment_unset(item);
			continue;
		}
		*equals = '\0';
		environment_set(item, equals + 1);
	}
	forget_descriptors();
}
