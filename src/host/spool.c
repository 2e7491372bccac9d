#include "host/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/trouble.h"
#include "unix/file.h"
#include "unix/temporary.h"

#define PIPE_FOR_MANY (1024 * 1024) /* bytes of the pipe through which a large message comes */
#define COPY_AT_ONCE  (64 * 1024 * 1024)

static_assert(sizeof(off_t) == sizeof(int64_t), "a message may have more than 2 GiB");

void spool_init(struct spool *spool, const char *place, int (*create)(void *world), void *world)
{
	*spool = (struct spool){.place = place, .world = world, .create = create, .file = -1};
	text_init_short(&spool->held, spool->short_held, sizeof(spool->short_held), SPOOL_HELD);
}

static int create_temporary(void *world)
{
	return temporary_unnamed(world);
}

void spool_init_temporary(struct spool *spool)
{
	const char *directory = temporary_directory();

	spool_init(spool, directory, create_temporary, (void *)(uintptr_t)directory);
}

void spool_forget(struct spool *spool)
{
	if (spool->file != -1)
		close(spool->file);
	spool->file = -1;
	spool->size = 0;
	text_clear(&spool->held);
}

void spool_free(struct spool *spool)
{
	spool_forget(spool);
	text_free(&spool->held);
}

/* What is held goes into the file. */
static enum queue_status spill(struct spool *spool, struct text *why)
{
	if (spool->file == -1)
		spool->file = spool->create(spool->world);
	if (spool->file == -1)
		return trouble(QUEUE_NO_FILES, "create a file in", spool->place, why);
	if (file_write(spool->file, text_span(&spool->held)) == -1)
		return trouble(QUEUE_WRITE_ERROR, "write to a file in", spool->place, why);
	text_clear(&spool->held);
	return QUEUE_OK;
}

enum queue_status spool_add(struct spool *spool, struct span bytes, struct text *why)
{
	struct text *held = &spool->held;

	while (bytes.length) {
		struct span part = span_head(bytes, SPOOL_HELD - held->length);
		enum queue_status status;

		text_add(held, part);
		errno = ENOMEM;
		if (held->failed)
			return trouble(QUEUE_NO_MEMORY, "hold", "the message", why);
		spool->size += part.length;
		bytes = span_tail(bytes, part.length);
		/* Once there is a file, all of the message is there. */
		if (held->length < SPOOL_HELD && spool->file == -1)
			continue;
		status = spill(spool, why);
		if (status != QUEUE_OK)
			return status;
	}
	return QUEUE_OK;
}

enum queue_status spool_receive(struct spool *spool, int descriptor, struct text *why)
{
	struct text *held = &spool->held;
	ssize_t count;

	if (!text_reserve(held, SPOOL_HELD)) {
		errno = ENOMEM;
		return trouble(QUEUE_NO_MEMORY, "hold", "the message", why);
	}
	for (;;) {
		if (held->length == SPOOL_HELD) {
			enum queue_status status;

			if (spool->file == -1)
				fcntl(descriptor, F_SETPIPE_SZ, PIPE_FOR_MANY);
			status = spill(spool, why);
			if (status != QUEUE_OK)
				return status;
		}
		count = file_read(descriptor, held->bytes + held->length,
				  SPOOL_HELD - held->length);
		if (count == -1)
			return trouble(QUEUE_READ_ERROR, "read", "the message", why);
		if (count == 0)
			break;
		held->length += (size_t)count;
		spool->size += (uint64_t)count;
	}
	return spool->file == -1 ? QUEUE_OK : spill(spool, why);
}

/* Write two spans, with one call where the system takes them at once. Returns 0, or -1. */
static int write_both(int descriptor, struct span first, struct span second)
{
	struct iovec parts[2] = {
		{.iov_base = (void *)(uintptr_t)first.bytes, .iov_len = first.length},
		{.iov_base = (void *)(uintptr_t)second.bytes, .iov_len = second.length},
	};
	ssize_t count;
	size_t written;

	do
		count = writev(descriptor, parts, 2);
	while (count == -1 && errno == EINTR);
	if (count == -1)
		return -1;
	written = (size_t)count;
	if (written < first.length && file_write(descriptor, span_tail(first, written)) == -1)
		return -1;
	written = written > first.length ? written - first.length : 0;
	return file_write(descriptor, span_tail(second, written));
}

int spool_next(struct spool *spool, uint64_t *offset, struct span *piece)
{
	ssize_t count;

	if (*offset >= spool->size)
		return 0;
	if (spool->file == -1) {
		*piece = span_tail(text_span(&spool->held), (size_t)*offset);
		*offset = spool->size;
		return 1;
	}
	assert(spool->held.capacity > SPOOL_HELD); /* it was full when the file was made */
	do
		count = pread(spool->file, spool->held.bytes, SPOOL_HELD, (off_t)*offset);
	while (count == -1 && errno == EINTR);
	if (count == 0)
		errno = EIO;
	if (count <= 0)
		return -1;
	*piece = (struct span){spool->held.bytes, (size_t)count};
	*offset += (uint64_t)count;
	return 1;
}

/* Copy the file to where a descriptor stands, in the kernel where it can. Returns 0, or -1. */
static int copy_file(struct spool *spool, int descriptor)
{
	off_t copied = 0;
	uint64_t offset;
	struct span piece;
	ssize_t count;
	int more;

	while (copied < (off_t)spool->size) {
		count = copy_file_range(spool->file, &copied, descriptor, NULL, COPY_AT_ONCE, 0);
		if (count > 0 || (count == -1 && errno == EINTR))
			continue;
		if (count == -1 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
		    errno != EOPNOTSUPP && errno != EPERM)
			return -1;
		break;
	}
	offset = (uint64_t)copied;
	/* A system without that call, or one that forbids it. */
	while ((more = spool_next(spool, &offset, &piece)) == 1)
		if (file_write(descriptor, piece) == -1)
			return -1;
	return more;
}

int spool_copy(struct spool *spool, struct span before, int descriptor)
{
	if (spool->file == -1)
		return write_both(descriptor, before, text_span(&spool->held));
	return file_write(descriptor, before) == -1 ? -1 : copy_file(spool, descriptor);
}

int spool_open(struct spool *spool)
{
	int descriptor;

	if (spool->file != -1)
		descriptor = fcntl(spool->file, F_DUPFD_CLOEXEC, 3);
	else
		descriptor = memfd_create("message", MFD_CLOEXEC);
	if (descriptor == -1)
		return -1;
	if ((spool->file == -1 && file_write(descriptor, text_span(&spool->held)) == -1) ||
	    lseek(descriptor, 0, SEEK_SET) == -1) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}
