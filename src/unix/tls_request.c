#include "unix/tls_request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/text.h"
#include "unix/environment.h"
#include "unix/file.h"

#define LONGEST_LIST 65536 /* bytes of variables */

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
	return descriptors[CONTROL] != descriptors[READ] &&
	       descriptors[CONTROL] != descriptors[WRITE];
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

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Whether the list has its end: an empty item, or two NULs for no variables at all. */
static bool is_complete(const struct text *list)
{
	return list->length >= 2 && list->bytes[list->length - 1] == '\0' &&
	       list->bytes[list->length - 2] == '\0';
}

static int read_list(int control, uint64_t until, struct text *list)
{
	char bytes[4096];

	while (!is_complete(list)) {
		struct pollfd polled = {.fd = control, .events = POLLIN};
		uint64_t time = now();
		int ready = time < until ? poll(&polled, 1, (int)(until - time)) : 0;
		ssize_t count;

		if (ready == -1 && errno == EINTR)
			continue;
		errno = ready == 0 ? ETIMEDOUT : errno;
		if (ready <= 0)
			return -1;
		count = file_read(control, bytes, sizeof(bytes));
		if (count == -1)
			return -1;
		if (count == 0)
			break;
		text_add(list, (struct span){bytes, (size_t)count});
		if (list->failed) {
			errno = EPROTO;
			return -1;
		}
	}
	errno = EPROTO;
	return list->length ? 0 : -1;
}

/* Only SSL_ names: nobody in front of us is to set anything else here. */
static void set_variables(struct text *list)
{
	size_t start = 0;

	while (start < list->length) {
		char *item = list->bytes + start;
		char *equals = strchr(item, '=');

		start += strlen(item) + 1;
		if (strncmp(item, "SSL_", 4) != 0)
			continue;
		if (!equals) {
			environment_unset(item);
			continue;
		}
		*equals = '\0';
		environment_set(item, equals + 1);
	}
}

int tls_request_make(uint32_t seconds)
{
	uint64_t until = now() + (uint64_t)seconds * 1000;
	int descriptors[COUNT], result = -1, kept;
	struct text list;

	errno = ENOTCONN;
	if (!find_descriptors(descriptors))
		return -1;
	text_init(&list, LONGEST_LIST);
	if (file_write(descriptors[CONTROL], SPAN("Y")) == 0)
		result = read_list(descriptors[CONTROL], until, &list);
	if (result == 0 && (dup2(descriptors[READ], 0) == -1 || dup2(descriptors[WRITE], 1) == -1))
		result = -1;
	kept = errno;
	if (result == 0)
		set_variables(&list);
	close(descriptors[CONTROL]);
	close(descriptors[READ]);
	if (descriptors[WRITE] != descriptors[READ])
		close(descriptors[WRITE]);
	for (int index = 0; index < COUNT; index++)
		environment_unset(names[index]);
	text_free(&list);
	errno = kept;
	return result;
}
