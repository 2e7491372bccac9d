#include "unix/line_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "support/check.h"
#include "unix/file.h"

/* The lines of a file with these bytes, each in angle brackets, and then how it ended. */
static void read_all(struct span bytes, size_t longest, struct text *lines)
{
	char path[] = "/tmp/tidewaiter-lines.XXXXXX";
	int result, descriptor = mkstemp(path);
	struct line_reader reader;
	struct span line;

	assert_int_not_equal(descriptor, -1);
	assert_int_equal(file_write(descriptor, bytes), 0);
	assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
	assert_int_equal(line_reader_init(&reader, descriptor, longest), 0);
	text_clear(lines);
	while ((result = line_reader_next(&reader, &line)) == 1) {
		text_add_byte(lines, '<');
		text_add(lines, line);
		text_add_byte(lines, '>');
	}
	text_add_number(lines, reader.number);
	if (result == -1)
		text_add_string(lines, errno == EMSGSIZE ? " too long" : " error");
	line_reader_free(&reader);
	close(descriptor);
	unlink(path);
}

static void test_line_reader_takes_one_line_after_the_other(void **state)
{
	const struct {
		const char *name, *bytes, *lines;
	} cases[] = {
		{"nothing", "", "0"},
		{"an empty line", "\n", "<>1"},
		{"two", "a\nbc\n", "<a><bc>2"},
		{"the last without LF", "a\nbc", "<a><bc>2"},
		{"empty ones", "\n\na\n\n", "<><><a><>4"},
		{"CR stays", "a\r\n", "<a\r>1"},
		{"the longest", "12345678\n12345678", "<12345678><12345678>2"},
		{"one byte more", "a\n123456789\nb\n", "<a>2 too long"},
		{"one byte more at the end", "123456789", "1 too long"},
	};
	struct text lines;

	(void)state;
	text_init(&lines, 1000);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		read_all(span_of(cases[index].bytes), 8, &lines);
		CHECK_SPAN(cases[index].name, text_span(&lines), cases[index].lines);
	}
	text_free(&lines);
}

/* Enough to be read in many pieces, with lines of all lengths on their seams. */
static void test_line_reader_keeps_lines_whole_over_many_reads(void **state)
{
	struct text bytes, expected, lines;
	unsigned long count = 0;

	(void)state;
	text_init(&bytes, 4 * 1024 * 1024);
	text_init(&expected, 4 * 1024 * 1024);
	text_init(&lines, 4 * 1024 * 1024);
	for (unsigned length = 0; bytes.length < 1024 * 1024; length = (length * 7 + 13) % 997) {
		text_add_byte(&expected, '<');
		for (unsigned index = 0; index < length; index++) {
			text_add_byte(&bytes, (char)('a' + index % 26));
			text_add_byte(&expected, (char)('a' + index % 26));
		}
		text_add_byte(&bytes, '\n');
		text_add_byte(&expected, '>');
		count++;
	}
	text_add_number(&expected, count);
	read_all(text_span(&bytes), 1000, &lines);
	assert_true(span_equal(text_span(&lines), text_span(&expected)));
	text_free(&bytes);
	text_free(&expected);
	text_free(&lines);
}

/* A line is there as soon as its LF is, whatever else is still to come. */
static void test_line_reader_does_not_wait_for_more_than_a_line(void **state)
{
	struct line_reader reader;
	struct span line;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(line_reader_init(&reader, ends[0], 100), 0);
	assert_int_equal(file_write(ends[1], SPAN("one\ntw")), 0);
	assert_int_equal(line_reader_next(&reader, &line), 1);
	CHECK_SPAN("first", line, "one");
	assert_int_equal(file_write(ends[1], SPAN("o\n")), 0);
	assert_int_equal(line_reader_next(&reader, &line), 1);
	CHECK_SPAN("second", line, "two");
	close(ends[1]);
	assert_int_equal(line_reader_next(&reader, &line), 0);
	line_reader_free(&reader);
	close(ends[0]);
}

static void test_line_reader_tells_that_it_cannot_read(void **state)
{
	struct line_reader reader;
	struct span line;
	int directory = open("/", O_RDONLY);

	(void)state;
	assert_int_equal(line_reader_init(&reader, directory, 100), 0);
	assert_int_equal(line_reader_next(&reader, &line), -1);
	assert_int_equal(errno, EISDIR);
	line_reader_free(&reader);
	close(directory);
}

static void test_line_reader_tells_that_the_file_changed(void **state)
{
	static const struct timespec long_ago[] = {{1000000000, 0}, {1000000000, 0}};
	char path[] = "/tmp/tidewaiter-lines.XXXXXX", bytes[] = "a\nb\n";
	int descriptor = mkstemp(path);
	struct line_reader reader;
	struct span line;

	(void)state;
	assert_int_equal(file_write(descriptor, span_of(bytes)), 0);
	for (unsigned writes = 0; writes < 2; writes++) {
		assert_int_equal(futimens(descriptor, long_ago), 0);
		assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
		assert_int_equal(line_reader_init(&reader, descriptor, 100), 0);
		assert_int_equal(line_reader_next(&reader, &line), 1);
		assert_int_equal(pwrite(descriptor, bytes, writes * 4, 0), writes * 4);
		assert_int_equal(line_reader_next(&reader, &line), 1);
		errno = 0;
		assert_int_equal(line_reader_next(&reader, &line), writes ? -1 : 0);
		assert_int_equal(errno, writes ? EBUSY : 0);
		line_reader_free(&reader);
	}
	close(descriptor);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_reader_takes_one_line_after_the_other),
		cmocka_unit_test(test_line_reader_keeps_lines_whole_over_many_reads),
		cmocka_unit_test(test_line_reader_does_not_wait_for_more_than_a_line),
		cmocka_unit_test(test_line_reader_tells_that_it_cannot_read),
		cmocka_unit_test(test_line_reader_tells_that_the_file_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
