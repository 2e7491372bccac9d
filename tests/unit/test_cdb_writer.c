#include "unix/cdb_writer.h"

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/file.h"

static char directory[] = "/tmp/tidewaiter-writer.XXXXXX";

static int enter_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	(void)state;
	return chdir("/") == 0 ? rmdir(directory) : -1;
}

static void write_file(const char *path, const char *string)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(file_write(descriptor, span_of(string)), 0);
	close(descriptor);
}

static void read_file(const char *path, struct text *bytes)
{
	int descriptor = open(path, O_RDONLY);

	assert_int_not_equal(descriptor, -1);
	text_clear(bytes);
	assert_int_equal(file_read_all(descriptor, bytes), 0);
	close(descriptor);
}

/* Make the same database with libcdb. */
static void write_with_libcdb(const char *path, unsigned count,
			      void (*record)(unsigned number, struct text *key, struct text *data))
{
	struct cdb_make make;
	struct text key, data;
	int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	text_init(&key, 1024 * 1024);
	text_init(&data, 1024 * 1024);
	assert_int_equal(cdb_make_start(&make, descriptor), 0);
	for (unsigned number = 0; number < count; number++) {
		text_clear(&key);
		text_clear(&data);
		record(number, &key, &data);
		assert_int_equal(cdb_make_add(&make, text_string(&key), (unsigned)key.length,
					      text_string(&data), (unsigned)data.length),
				 0);
	}
	assert_int_equal(cdb_make_finish(&make), 0);
	close(descriptor);
	text_free(&key);
	text_free(&data);
}

static void record_of_an_address(unsigned number, struct text *key, struct text *data)
{
	text_add_number(key, number * 7919u % 251);
	text_add_byte(key, '.');
	text_add_number(key, number);
	text_add_string(data, number % 3 ? "+RELAYCLIENT=" : "");
	text_add_byte(data, '\0');
}

static void record_with_few_keys(unsigned number, struct text *key, struct text *data)
{
	text_add_number(key, number * number % 17);
	text_add_number(data, number);
}

/* Longer than the buffer, empty, and such that end on its last bytes. */
static void record_of_any_length(unsigned number, struct text *key, struct text *data)
{
	static const unsigned lengths[] = {0, 65536, 1, 65528, 65535, 9, 200000, 65520};

	for (unsigned index = 0; index < lengths[number % 8]; index++)
		text_add_byte(number % 16 < 8 ? key : data, (char)(index * number));
}

static void test_cdb_writer_writes_the_bytes_that_libcdb_writes(void **state)
{
	const struct {
		const char *name;
		unsigned count;
		void (*record)(unsigned number, struct text *key, struct text *data);
	} cases[] = {
		{"none", 0, record_of_an_address},	    {"one", 1, record_of_an_address},
		{"some", 100, record_of_an_address},	    {"many", 200000, record_of_an_address},
		{"equal keys", 5000, record_with_few_keys}, {"long ones", 50, record_of_any_length},
	};
	struct text expected, written, key, data;

	(void)state;
	text_init(&expected, 64 * 1024 * 1024);
	text_init(&written, 64 * 1024 * 1024);
	text_init(&key, 1024 * 1024);
	text_init(&data, 1024 * 1024);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct cdb_writer *writer = cdb_writer_new("new.cdb", "tmp");

		assert_non_null(writer);
		for (unsigned number = 0; number < cases[index].count; number++) {
			text_clear(&key);
			text_clear(&data);
			cases[index].record(number, &key, &data);
			assert_int_equal(
				cdb_writer_add(writer, text_span(&key), text_span(&data), number),
				0);
		}
		assert_int_equal(cdb_writer_finish(writer), 0);
		assert_int_equal(cdb_writer_replace(writer), 0);
		cdb_writer_free(writer);
		write_with_libcdb("libcdb.cdb", cases[index].count, cases[index].record);
		read_file("libcdb.cdb", &expected);
		read_file("new.cdb", &written);
		if (!span_equal(text_span(&expected), text_span(&written)))
			fail_msg("%s: other bytes", cases[index].name);
		assert_int_equal(access("tmp", F_OK), -1);
	}
	unlink("new.cdb");
	unlink("libcdb.cdb");
	text_free(&expected);
	text_free(&written);
	text_free(&key);
	text_free(&data);
}

static off_t size_of(const struct cdb_writer *writer)
{
	struct stat status;

	assert_int_equal(fstat(cdb_writer_descriptor(writer), &status), 0);
	return status.st_size;
}

static void test_cdb_writer_needs_no_name(void **state)
{
	static const char *const places[] = {directory, "/nowhere"};
	struct text expected, written;

	(void)state;
	text_init(&expected, 1024 * 1024);
	text_init(&written, 1024 * 1024);
	write_with_libcdb("libcdb.cdb", 1000, record_with_few_keys);
	read_file("libcdb.cdb", &expected);
	unlink("libcdb.cdb");
	for (size_t index = 0; index < LENGTH(places); index++) {
		struct cdb_writer *writer;
		struct text key, data;
		struct stat here, there;

		setenv("TMPDIR", places[index], 1);
		writer = cdb_writer_new_unnamed();
		assert_non_null(writer);
		text_init(&key, 1024);
		text_init(&data, 1024);
		for (unsigned number = 0; number < 1000; number++) {
			text_clear(&key);
			text_clear(&data);
			record_with_few_keys(number, &key, &data);
			assert_int_equal(
				cdb_writer_add(writer, text_span(&key), text_span(&data), number),
				0);
		}
		assert_int_equal(cdb_writer_finish(writer), 0);
		assert_int_equal(stat(directory, &here), 0);
		assert_int_equal(fstat(cdb_writer_descriptor(writer), &there), 0);
		if ((here.st_dev == there.st_dev) != (index == 0))
			fail_msg("%s: the file is elsewhere", places[index]);
		assert_int_equal(lseek(cdb_writer_descriptor(writer), 0, SEEK_SET), 0);
		text_clear(&written);
		assert_int_equal(file_read_all(cdb_writer_descriptor(writer), &written), 0);
		if (!span_equal(text_span(&expected), text_span(&written)))
			fail_msg("%s: other bytes", places[index]);
		cdb_writer_free(writer);
		text_free(&key);
		text_free(&data);
	}
	unsetenv("TMPDIR");
	text_free(&expected);
	text_free(&written);
}

/* It refuses what would be too large with the data, though it holds none. */
static void test_cdb_writer_of_keys_counts_the_data(void **state)
{
	static char bytes[1024 * 1024];
	struct span data = {bytes, sizeof(bytes)};
	struct cdb_writer *writer = cdb_writer_new_keys();

	(void)state;
	assert_non_null(writer);
	for (unsigned number = 1; number <= 4095; number++)
		assert_int_equal(cdb_writer_add(writer, SPAN("1.2.3.4"), data, number), 0);
	assert_int_equal(cdb_writer_add(writer, SPAN("1.2.3.4"), data, 4096), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(cdb_writer_finish(writer), 0);
	assert_int_equal(cdb_writer_duplicates(writer), 4094);
	assert_int_equal(size_of(writer), 2048 + 4095 * (8 + 7 + 16));
	cdb_writer_free(writer);
	/* Not the records, but the index makes it too large. */
	writer = cdb_writer_new_keys();
	assert_non_null(writer);
	for (unsigned number = 1; number <= 4095; number++)
		assert_int_equal(cdb_writer_add(writer, SPAN("1.2.3.4"), data, number), 0);
	data.length -= 4095 * (8 + 7) + 2048 + 8 + 7 + 4096 * 16;
	assert_int_equal(cdb_writer_add(writer, SPAN("1.2.3.4"), data, 4096), 0);
	assert_int_equal(cdb_writer_finish(writer), -1);
	assert_int_equal(errno, EFBIG);
	cdb_writer_free(writer);
}

/* Add these keys, numbered from 1, and say which are duplicates of which. */
static void find_duplicates(const char *const *keys, unsigned count, struct text *found)
{
	struct cdb_writer *writer = cdb_writer_new_keys();
	struct text key;

	assert_non_null(writer);
	text_init(&key, 100000);
	text_clear(found);
	for (unsigned index = 0; index < count; index++)
		assert_int_equal(
			cdb_writer_add(writer, span_of(keys[index]), SPAN("data"), index + 1), 0);
	assert_int_equal(cdb_writer_finish(writer), 0);
	for (size_t index = 0; index < cdb_writer_duplicates(writer); index++) {
		struct cdb_duplicate duplicate;

		text_clear(&key);
		assert_int_equal(cdb_writer_duplicate(writer, index, &duplicate, &key), 0);
		text_add_number(found, duplicate.number);
		text_add_string(found, "=");
		text_add_number(found, duplicate.first);
		text_add_string(found, ":");
		text_add(found, text_span(&key));
		text_add_string(found, " ");
	}
	cdb_writer_free(writer);
	text_free(&key);
}

static void test_cdb_writer_finds_the_first_of_equal_keys(void **state)
{
	/* "!!" and "#c" have the same hash. */
	static const char *const keys[] = {"x", "a", "",  "a",	"b",  "x",  "a",
					   "",	"c", "d", "!!", "#c", "#c", "!!"};
	struct text found;

	(void)state;
	text_init(&found, 100000);
	find_duplicates(keys, LENGTH(keys), &found);
	assert_string_equal(text_string(&found), "4=2:a 6=1:x 7=2:a 8=3: 13=12:#c 14=11:!! ");
	find_duplicates(keys + 8, 4, &found);
	assert_string_equal(text_string(&found), "");
	text_free(&found);
}

static void test_cdb_writer_compares_long_keys_to_their_ends(void **state)
{
	/* So long that they are compared in pieces; of equal hashes, which differ in the last two
	 * bytes; and equal. */
	static char first[2000], second[2000];
	const char *keys[] = {first, second, first, second};
	struct text found;

	(void)state;
	text_init(&found, 100000);
	memset(first, 'k', sizeof(first) - 1);
	memset(second, 'k', sizeof(second) - 1);
	memcpy(first + 1997, "!!", 3);
	memcpy(second + 1997, "#c", 3);
	find_duplicates(keys, 2, &found);
	assert_int_equal(found.length, 0);
	find_duplicates(keys, 4, &found);
	assert_int_equal(found.length, 2 * (sizeof("3=1: ") - 1 + 1999));
	text_free(&found);
}

/* That takes a moment, and not minutes: SIGALRM ends a test that does. */
static void test_cdb_writer_is_not_slowed_down_by_equal_keys(void **state)
{
	struct cdb_writer *writer = cdb_writer_new_keys();
	struct cdb_duplicate duplicate;
	struct text key;

	(void)state;
	assert_non_null(writer);
	text_init(&key, 100);
	for (unsigned number = 1; number <= 500000; number++)
		assert_int_equal(cdb_writer_add(writer, SPAN("1.2.3.4"), SPAN(""), number / 2), 0);
	alarm(60);
	assert_int_equal(cdb_writer_finish(writer), 0);
	alarm(0);
	/* Numbers 0, 1, 1, 2, 2 and so on: each pair of numbers counts once. */
	assert_int_equal(cdb_writer_duplicates(writer), 250000);
	assert_int_equal(cdb_writer_duplicate(writer, 249999, &duplicate, &key), 0);
	assert_int_equal(duplicate.number, 250000);
	assert_int_equal(duplicate.first, 0);
	cdb_writer_free(writer);
	text_free(&key);
}

static void test_cdb_writer_that_is_given_up_leaves_the_old_file(void **state)
{
	struct cdb_writer *writer;
	struct text bytes;

	(void)state;
	text_init(&bytes, 10000);
	write_file("old.cdb", "old");
	write_file("tmp", "left over from long ago");
	writer = cdb_writer_new("old.cdb", "tmp");
	assert_non_null(writer);
	assert_int_equal(cdb_writer_add(writer, SPAN("k"), SPAN("d"), 1), 0);
	assert_int_equal(cdb_writer_finish(writer), 0);
	errno = ENOENT;
	cdb_writer_free(writer);
	assert_int_equal(errno, ENOENT);
	read_file("old.cdb", &bytes);
	CHECK_SPAN("old", text_span(&bytes), "old");
	assert_int_equal(access("tmp", F_OK), -1);
	unlink("old.cdb");
	text_free(&bytes);
}

static void test_cdb_writer_refuses_what_it_would_destroy(void **state)
{
	struct cdb_writer *first, *second;
	struct text bytes;

	(void)state;
	text_init(&bytes, 10000);
	write_file("old.cdb", "old");
	assert_null(cdb_writer_new("old.cdb", "old.cdb"));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(link("old.cdb", "tmp"), 0);
	assert_null(cdb_writer_new("old.cdb", "tmp"));
	assert_int_equal(errno, EEXIST);
	assert_null(cdb_writer_new("other.cdb", "tmp"));
	assert_int_equal(errno, EEXIST);
	unlink("tmp");
	assert_int_equal(symlink("old.cdb", "tmp"), 0);
	assert_null(cdb_writer_new("other.cdb", "tmp"));
	assert_int_equal(errno, ELOOP);
	unlink("tmp");
	assert_int_equal(mkfifo("tmp", 0600), 0);
	assert_null(cdb_writer_new("other.cdb", "tmp"));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(access("tmp", F_OK), 0);
	unlink("tmp");
	first = cdb_writer_new("old.cdb", "tmp");
	assert_non_null(first);
	second = cdb_writer_new("old.cdb", "tmp");
	assert_null(second);
	assert_int_equal(errno, EWOULDBLOCK);
	assert_int_equal(access("tmp", F_OK), 0);
	cdb_writer_free(first);
	read_file("old.cdb", &bytes);
	CHECK_SPAN("old", text_span(&bytes), "old");
	unlink("old.cdb");
	text_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cdb_writer_writes_the_bytes_that_libcdb_writes),
		cmocka_unit_test(test_cdb_writer_needs_no_name),
		cmocka_unit_test(test_cdb_writer_of_keys_counts_the_data),
		cmocka_unit_test(test_cdb_writer_finds_the_first_of_equal_keys),
		cmocka_unit_test(test_cdb_writer_compares_long_keys_to_their_ends),
		cmocka_unit_test(test_cdb_writer_is_not_slowed_down_by_equal_keys),
		cmocka_unit_test(test_cdb_writer_that_is_given_up_leaves_the_old_file),
		cmocka_unit_test(test_cdb_writer_refuses_what_it_would_destroy),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
