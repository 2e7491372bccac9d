#include "unix/cdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

static char path[] = "/tmp/tidewaiter-cdb.XXXXXX";

static bool is_memory_short;

void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_realloc(void *block, size_t size)
{
	return is_memory_short ? NULL : __real_realloc(block, size);
}

static void write_cdb(const char *key, const char *value, unsigned padding)
{
	struct cdb_make make;
	int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(cdb_make_start(&make, descriptor), 0);
	assert_int_equal(
		cdb_make_add(&make, key, (unsigned)strlen(key), value, (unsigned)strlen(value)), 0);
	for (unsigned index = 0; index < padding; index++)
		assert_int_equal(cdb_make_add(&make, &index, sizeof(index), "", 0), 0);
	assert_int_equal(cdb_make_finish(&make), 0);
	close(descriptor);
}

static int make_file(void **state)
{
	int descriptor = mkstemp(path);

	(void)state;
	return descriptor == -1 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_cdb_file_finds(void **state)
{
	struct cdb_file file;
	struct span data;

	(void)state;
	write_cdb("10.", "+A=1", 0);
	assert_int_equal(cdb_file_open(&file, path), 0);
	assert_int_equal(cdb_file_find(&file, SPAN("10."), &data), VERDICT_YES);
	CHECK_SPAN("data", data, "+A=1");
	assert_int_equal(cdb_file_find(&file, SPAN("11."), &data), VERDICT_NO);
	assert_int_equal(cdb_file_find(&file, (struct span){NULL, 0}, &data), VERDICT_NO);
	cdb_file_close(&file);
}

static void test_cdb_file_walks(void **state)
{
	enum verdict verdict;
	unsigned position = CDB_FILE_FIRST_RECORD, count = 0;
	struct cdb_file file;
	struct span key, data;

	(void)state;
	write_cdb("10.", "+A=1", 100);
	assert_int_equal(cdb_file_open(&file, path), 0);
	assert_int_equal(cdb_file_next(&file, &position, &key, &data), VERDICT_YES);
	CHECK_SPAN("the first key", key, "10.");
	CHECK_SPAN("its data", data, "+A=1");
	assert_int_equal(cdb_file_find(&file, SPAN("10."), &data), VERDICT_YES);
	assert_int_equal(cdb_file_found_end(&file), position);
	while ((verdict = cdb_file_next(&file, &position, &key, &data)) == VERDICT_YES)
		count++;
	assert_int_equal(verdict, VERDICT_NO);
	assert_int_equal(count, 100);
	cdb_file_close(&file);
	for (off_t size = 2048; size < 2048 + 15 + 100 * 12 + 101 * 16; size++) {
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(cdb_file_open(&file, path), 0);
		position = CDB_FILE_FIRST_RECORD;
		do
			verdict = cdb_file_next(&file, &position, &key, &data);
		while (verdict == VERDICT_YES);
		assert_int_equal(verdict, VERDICT_LATER);
		cdb_file_close(&file);
		write_cdb("10.", "+A=1", 100);
	}
	assert_int_equal(cdb_file_open(&file, path), 0);
	position = CDB_FILE_FIRST_RECORD;
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(cdb_file_next(&file, &position, &key, &data), VERDICT_LATER);
	cdb_file_close(&file);
}

static void test_cdb_file_stays_the_one_that_was_opened(void **state)
{
	struct cdb_file file;
	struct span data;

	(void)state;
	write_cdb("a", "old", 0);
	assert_int_equal(cdb_file_open(&file, path), 0);
	unlink(path);
	write_cdb("a", "newer", 0);
	assert_int_equal(cdb_file_find(&file, SPAN("a"), &data), VERDICT_YES);
	CHECK_SPAN("the map is the old file", data, "old");
	assert_true(cdb_file_is_unchanged(&file));
	cdb_file_close(&file);
}

static void test_cdb_file_survives_damage(void **state)
{
	struct cdb_file file;
	struct span data;
	char garbage[4096];

	(void)state;
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(cdb_file_open(&file, path), -1);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(cdb_file_open(&file, "/tmp"), -1);

	/* Cut short under the map: what was there is gone, and reading it is a bus error. */
	write_cdb("a", "value", 20000);
	assert_int_equal(cdb_file_open(&file, path), 0);
	assert_true(cdb_file_is_unchanged(&file));
	assert_int_equal(truncate(path, 4096), 0);
	assert_int_equal(cdb_file_find(&file, SPAN("a"), &data), VERDICT_LATER);
	assert_false(cdb_file_is_unchanged(&file));
	cdb_file_close(&file);

	memset(garbage, 0xf7, sizeof(garbage));
	write_cdb("a", "value", 0);
	{
		int descriptor = open(path, O_WRONLY);

		assert_int_equal(write(descriptor, garbage, sizeof(garbage)), sizeof(garbage));
		close(descriptor);
	}
	assert_int_equal(cdb_file_open(&file, path), 0);
	assert_int_equal(cdb_file_find(&file, SPAN("a"), &data), VERDICT_LATER);
	cdb_file_close(&file);
}

/* Writers write the header last, and many write in place. */
static void test_cdb_file_without_its_header_is_none(void **state)
{
	static const struct {
		const char *name;
		off_t size;
		bool has_first_position, is_open;
	} cases[] = {
		{"an empty database", 2048, false, true},
		{"an empty database of another writer", 2048, true, true},
		{"one record, and no table", 2048 + 10, false, false},
		{"many records, and no table", 100000, false, false},
		{"a position of a table, and no slot", 100000, true, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		struct cdb_file file;

		assert_int_equal(ftruncate(descriptor, cases[index].size), 0);
		if (cases[index].has_first_position)
			assert_int_equal(pwrite(descriptor, "\0\10\0\0", 4, 0), 4);
		close(descriptor);
		errno = 0;
		if ((cdb_file_open(&file, path) == 0) != cases[index].is_open)
			fail_msg("%s", cases[index].name);
		if (!cases[index].is_open)
			assert_int_equal(errno, EPROTO);
		cdb_file_close(&file);
	}
}

static void test_cdb_file_tells_what_is_too_long_from_want_of_memory(void **state)
{
	static const struct {
		size_t length;
		bool is_memory_short;
		int number;
	} cases[] = {{100, true, ENOMEM}, {1024 * 1024 + 1, false, EOVERFLOW}};
	char *value = calloc(1, cases[1].length + 1);

	(void)state;
	assert_non_null(value);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		unsigned position = CDB_FILE_FIRST_RECORD;
		struct cdb_file file;
		struct span key, data;

		memset(value, 'x', cases[index].length);
		write_cdb("key", value, 0);
		assert_int_equal(cdb_file_open(&file, path), 0);
		is_memory_short = cases[index].is_memory_short;
		errno = 0;
		assert_int_equal(cdb_file_find(&file, SPAN("key"), &data), VERDICT_LATER);
		assert_int_equal(errno, cases[index].number);
		errno = 0;
		assert_int_equal(cdb_file_next(&file, &position, &key, &data), VERDICT_LATER);
		assert_int_equal(errno, cases[index].number);
		is_memory_short = false;
		cdb_file_close(&file);
	}
	free(value);
}

/* Decides by one record, after the file was changed as often as the world says. */
struct changes {
	unsigned left;
	struct text found;
};

static enum verdict decide(void *world, const struct lookup *lookup)
{
	struct changes *changes = world;
	struct span data;
	enum verdict verdict = lookup->find(lookup->world, SPAN("a"), &data);

	text_clear(&changes->found);
	if (verdict == VERDICT_YES)
		text_add(&changes->found, data);
	if (changes->left) {
		char value[16];

		sprintf(value, "new %u", --changes->left);
		unlink(path);
		write_cdb("a", value, 0);
	}
	return verdict;
}

static void test_cdb_file_ask_decides_again_when_the_file_changed(void **state)
{
	static const struct {
		const char *name;
		unsigned changes;
		enum verdict verdict;
		const char *found;
	} cases[] = {
		{"no change", 0, VERDICT_YES, "old"},
		{"one change", 1, VERDICT_YES, "new 0"},
		{"some changes", 3, VERDICT_YES, "new 0"},
		{"it never keeps still", 1000, VERDICT_LATER, NULL},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct cdb_file file = {.is_open = false};
		struct changes changes = {.left = cases[index].changes};

		text_init(&changes.found, 100);
		unlink(path);
		write_cdb("a", "old", 0);
		if (cdb_file_ask(&file, path, decide, &changes) != cases[index].verdict)
			fail_msg("%s: another verdict", cases[index].name);
		if (cases[index].found)
			CHECK_SPAN(cases[index].name, text_span(&changes.found),
				   cases[index].found);
		cdb_file_close(&file);
		text_free(&changes.found);
	}
}

static void test_cdb_file_ask_without_a_usable_file(void **state)
{
	struct cdb_file file = {.is_open = false};
	struct changes changes = {.left = 0};
	int descriptor;

	(void)state;
	text_init(&changes.found, 100);
	write_cdb("a", "value", 0);
	assert_int_equal(cdb_file_ask(&file, path, decide, &changes), VERDICT_YES);
	descriptor = file.cdb.cdb_fd;
	assert_int_equal(cdb_file_ask(&file, path, decide, &changes), VERDICT_YES);
	assert_int_equal(file.cdb.cdb_fd, descriptor); /* it is opened once */
	unlink(path);
	assert_int_equal(cdb_file_ask(&file, path, decide, &changes), VERDICT_LATER);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(close(open(path, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(cdb_file_ask(&file, path, decide, &changes), VERDICT_LATER);
	assert_int_equal(errno, EPROTO);
	unlink(path);
	write_cdb("a", "again", 0);
	assert_int_equal(cdb_file_ask(&file, path, decide, &changes), VERDICT_YES);
	CHECK_SPAN("recovered", text_span(&changes.found), "again");
	cdb_file_close(&file);
	text_free(&changes.found);
}

static enum verdict cannot_tell(void *world, const struct lookup *lookup)
{
	(void)world;
	(void)lookup;
	return VERDICT_LATER;
}

/* Whoever forgives a file that is not there must not forgive another trouble. */
static void test_cdb_file_ask_has_an_errno_of_its_own(void **state)
{
	struct cdb_file file = {.is_open = false};

	(void)state;
	unlink(path);
	write_cdb("a", "value", 0);
	errno = ENOENT;
	assert_int_equal(cdb_file_ask(&file, path, cannot_tell, NULL), VERDICT_LATER);
	assert_int_equal(errno, EBADMSG);
	errno = ENOENT;
	assert_int_equal(cdb_file_ask(&file, path, cannot_tell, NULL), VERDICT_LATER);
	assert_int_equal(errno, EBADMSG);
	cdb_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cdb_file_finds),
		cmocka_unit_test(test_cdb_file_walks),
		cmocka_unit_test(test_cdb_file_stays_the_one_that_was_opened),
		cmocka_unit_test(test_cdb_file_survives_damage),
		cmocka_unit_test(test_cdb_file_without_its_header_is_none),
		cmocka_unit_test(test_cdb_file_tells_what_is_too_long_from_want_of_memory),
		cmocka_unit_test(test_cdb_file_ask_decides_again_when_the_file_changed),
		cmocka_unit_test(test_cdb_file_ask_without_a_usable_file),
		cmocka_unit_test(test_cdb_file_ask_has_an_errno_of_its_own),
	};

	return cmocka_run_group_tests_name("cdb_file", tests, make_file, remove_file);
}
