#include "unix/cdb_file.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "unix/file.h"

#define LONGEST_DATA (1024 * 1024) /* bytes */
#define MOST_TRIES   5		   /* decisions, when the file changes during each */

/* Where a bus error leads while a map is being read. A signal handler is handed nothing, so this
 * must be the module's own; it is NULL outside of the functions that do so. */
static sigjmp_buf *volatile way_out;

static void on_bus_error(int number)
{
	if (way_out)
		siglongjmp(*way_out, 1);
	signal(number, SIG_DFL);
	raise(number);
}

/* Behind the header are records, and no table has one of them: the header, which is written last,
 * is not there yet, or did not outlast a crash. Of a file that is its header only that cannot be
 * told: an empty database may be all zero. */
static bool is_unfinished(const struct cdb *cdb)
{
	const unsigned char *header = cdb->cdb_mem;

	if (cdb->cdb_fsize == CDB_FILE_FIRST_RECORD)
		return false;
	for (unsigned table = 0; table < 256; table++)
		if (cdb_unpack(header + 8 * table + 4))
			return false;
	return true;
}

/* Map the file and look at its header, which may be cut off meanwhile. Returns 0, or -1 with errno.
 */
static int map(struct cdb_file *file, int descriptor)
{
	struct sigaction action = {.sa_handler = on_bus_error, .sa_flags = SA_NODEFER};
	sigjmp_buf here;
	int result;

	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(here, 0)) {
		way_out = NULL;
		if (file->cdb.cdb_mem)
			cdb_free(&file->cdb);
		errno = EIO;
		return -1;
	}
	way_out = &here;
	errno = EPROTO; /* unless a call of the system fails */
	result = cdb_init(&file->cdb, descriptor);
	if (result == 0 && is_unfinished(&file->cdb)) {
		cdb_free(&file->cdb);
		errno = EPROTO;
		result = -1;
	}
	way_out = NULL;
	return result;
}

int cdb_file_open(struct cdb_file *file, const char *path)
{
	int kept, descriptor = file_open(path);

	*file = (struct cdb_file){.is_open = false};
	if (descriptor == -1)
		return -1;
	text_init(&file->data, LONGEST_DATA);
	if (fstat(descriptor, &file->status) == -1)
		goto failed;
	errno = EPROTO;
	if (!S_ISREG(file->status.st_mode) || map(file, descriptor) != 0)
		goto failed;
	file->is_open = true;
	return 0;
failed:
	kept = errno;
	close(descriptor);
	errno = kept;
	return -1;
}

const char *cdb_file_reason(int number)
{
	return number == EPROTO ? "it is no cdb" : strerror(number);
}

void cdb_file_close(struct cdb_file *file)
{
	if (!file->is_open)
		return;
	close(file->cdb.cdb_fd);
	cdb_free(&file->cdb);
	text_free(&file->data);
	file->is_open = false;
}

static bool is_untouched(const struct stat *before, const struct stat *after)
{
	return file_is_same(before, after) && file_is_unchanged(before, after) &&
	       before->st_ctim.tv_sec == after->st_ctim.tv_sec &&
	       before->st_ctim.tv_nsec == after->st_ctim.tv_nsec;
}

bool cdb_file_is_unchanged(const struct cdb_file *file)
{
	struct stat now;

	/* Not by the change time: a rename or a new link moves that of a whole file. */
	return fstat(file->cdb.cdb_fd, &now) == 0 && file_is_unchanged(&file->status, &now);
}

/* A record of that length could not be copied. */
static enum verdict copy_failed(size_t length)
{
	errno = length > LONGEST_DATA ? EOVERFLOW : ENOMEM;
	return VERDICT_LATER;
}

/* Copy the record that a call of libcdb found, by that call's answer. */
static enum verdict take(struct cdb_file *file, int found, struct span *data)
{
	const void *bytes;

	if (found == 0)
		return VERDICT_NO;
	if (found < 0)
		return VERDICT_LATER;
	bytes = cdb_getdata(&file->cdb);
	if (!bytes)
		return VERDICT_LATER;
	text_clear(&file->data);
	text_add(&file->data, (struct span){bytes, cdb_datalen(&file->cdb)});
	if (file->data.failed)
		return copy_failed(cdb_datalen(&file->cdb));
	*data = text_span(&file->data);
	return VERDICT_YES;
}

static enum verdict find(struct cdb_file *file, struct span key, struct span *data)
{
	return take(file, cdb_find(&file->cdb, key.length ? key.bytes : "", (unsigned)key.length),
		    data);
}

enum verdict cdb_file_find(struct cdb_file *file, struct span key, struct span *data)
{
	sigjmp_buf here;
	enum verdict verdict;

	if (key.length > UINT_MAX)
		return VERDICT_NO; /* no record has so long a key */
	if (sigsetjmp(here, 0)) {
		way_out = NULL;
		errno = EIO; /* the file was cut short under the map */
		return VERDICT_LATER;
	}
	way_out = &here;
	verdict = find(file, key, data);
	way_out = NULL;
	return verdict;
}

/* Whether the records end where the hash tables begin, and these are all there: the end of a file
 * that was cut short is no end. */
static bool is_end(const struct cdb_file *file, unsigned position)
{
	const unsigned char *header = file->cdb.cdb_mem;
	uint64_t first = file->cdb.cdb_fsize;
	bool is_whole = true, has_records = false;

	for (unsigned table = 0; table < 256; table++) {
		uint64_t start = cdb_unpack(header + 8 * table);
		uint64_t slots = cdb_unpack(header + 8 * table + 4);

		if (slots == 0)
			continue;
		has_records = true;
		first = start < first ? start : first;
		is_whole &= start + 8 * slots <= file->cdb.cdb_fsize;
	}
	return is_whole && position == (has_records ? first : CDB_FILE_FIRST_RECORD);
}

static enum verdict next(struct cdb_file *file, unsigned *position, struct span *key,
			 struct span *data)
{
	const void *key_bytes, *data_bytes;
	int found = cdb_seqnext(position, &file->cdb);
	size_t length;

	if (found == 0 && !is_end(file, *position)) {
		errno = EPROTO;
		return VERDICT_LATER;
	}
	if (found <= 0)
		return found == 0 ? VERDICT_NO : VERDICT_LATER;
	key_bytes = cdb_getkey(&file->cdb);
	data_bytes = cdb_getdata(&file->cdb);
	if (!key_bytes || !data_bytes)
		return VERDICT_LATER;
	length = cdb_keylen(&file->cdb);
	text_clear(&file->data);
	text_add(&file->data, (struct span){key_bytes, length});
	text_add(&file->data, (struct span){data_bytes, cdb_datalen(&file->cdb)});
	if (file->data.failed)
		return copy_failed(length + cdb_datalen(&file->cdb));
	*key = span_head(text_span(&file->data), length);
	*data = span_tail(text_span(&file->data), length);
	return VERDICT_YES;
}

enum verdict cdb_file_next(struct cdb_file *file, unsigned *position, struct span *key,
			   struct span *data)
{
	sigjmp_buf here;
	enum verdict verdict;

	if (sigsetjmp(here, 0)) {
		way_out = NULL;
		errno = EIO;
		return VERDICT_LATER;
	}
	way_out = &here;
	verdict = next(file, position, key, data);
	way_out = NULL;
	return verdict;
}

unsigned cdb_file_found_end(const struct cdb_file *file)
{
	return cdb_datapos(&file->cdb) + cdb_datalen(&file->cdb);
}

static enum verdict find_in_world(void *world, struct span key, struct span *data)
{
	return cdb_file_find(world, key, data);
}

struct lookup cdb_file_lookup(struct cdb_file *file)
{
	return (struct lookup){file, find_in_world};
}

enum verdict cdb_file_ask(struct cdb_file *file, const char *path,
			  enum verdict (*decide)(void *world, const struct lookup *lookup),
			  void *world)
{
	struct lookup lookup = cdb_file_lookup(file);

	for (unsigned tries = 0; tries < MOST_TRIES; tries++) {
		enum verdict verdict;
		struct stat now;
		int kept;

		if (!file->is_open && cdb_file_open(file, path) == -1)
			return VERDICT_LATER;
		errno = EBADMSG; /* for a decision that knows no reason of the system's */
		verdict = decide(world, &lookup);
		kept = errno;
		/* The file is looked at after the decision, not before: one look tells both that
		 * it was the one to ask and that it stayed the same meanwhile. */
		if (stat(path, &now) == 0 && is_untouched(&file->status, &now)) {
			errno = kept;
			return verdict;
		}
		cdb_file_close(file);
	}
	errno = EBUSY;
	return VERDICT_LATER;
}
