#include "unix/cdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

static char path[] = "/tmp/tidewaiter-cdb.XXXXXX";

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

static void test_cdb_file_refreshes_when_the_file_changes(void **state)
{
	struct cdb_file file = {.is_open = false};
	struct span data;

	(void)state;
	write_cdb("a", "old", 0);
	assert_int_equal(cdb_file_refresh(&file, path), 0);
	unlink(path);
	write_cdb("a", "newer", 0);
	assert_int_equal(cdb_file_find(&file, SPAN("a"), &data), VERDICT_YES);
	CHECK_SPAN("the map is the old file", data, "old");
	assert_int_equal(cdb_file_refresh(&file, path), 0);
	assert_int_equal(cdb_file_find(&file, SPAN("a"), &data), VERDICT_YES);
	CHECK_SPAN("refreshed", data, "newer");
	unlink(path);
	assert_int_equal(cdb_file_refresh(&file, path), -1);
	assert_int_equal(errno, ENOENT);
	write_cdb("a", "third", 0);
	assert_int_equal(cdb_file_refresh(&file, path), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cdb_file_finds),
		cmocka_unit_test(test_cdb_file_refreshes_when_the_file_changes),
		cmocka_unit_test(test_cdb_file_survives_damage),
	};

	return cmocka_run_group_tests_name("cdb_file", tests, make_file, remove_file);
}
