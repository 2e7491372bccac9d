#include "host/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/file.h"

static int temporary_file(void)
{
	int descriptor = open("/tmp", O_RDWR | O_TMPFILE, 0600);

	assert_int_not_equal(descriptor, -1);
	return descriptor;
}

static void check_contents(const char *name, int descriptor, const struct text *message)
{
	struct text found;

	text_init(&found, 10 * SPOOL_HELD);
	assert_int_equal(file_read_all(descriptor, &found), 0);
	if (!span_equal(text_span(&found), text_span(message)))
		fail_msg("%s: another message", name);
	text_free(&found);
}

static enum queue_status receive(struct spool *spool, const struct text *message, struct text *why)
{
	int input = temporary_file();
	enum queue_status status;

	assert_int_equal(file_write(input, text_span(message)), 0);
	lseek(input, 0, SEEK_SET);
	status = spool_receive(spool, input, why);
	close(input);
	return status;
}

static enum queue_status add_pieces(struct spool *spool, const struct text *message,
				    struct text *why)
{
	enum queue_status status = QUEUE_OK;
	struct span rest = text_span(message);
	size_t length = 1;

	for (; rest.length && status == QUEUE_OK; length = length * 3 % 100003) {
		status = spool_add(spool, span_head(rest, length), why);
		rest = span_tail(rest, length);
	}
	return status;
}

static void check_what_came(enum queue_status (*give)(struct spool *, const struct text *,
						      struct text *))
{
	static const struct {
		const char *name;
		size_t size;
	} cases[] = {
		{"empty", 0},
		{"a byte", 1},
		{"just held", SPOOL_HELD - 1},
		{"as much as is held", SPOOL_HELD},
		{"large", 3 * SPOOL_HELD + 17},
	};

	for (size_t index = 0; index < LENGTH(cases); index++) {
		int copy = temporary_file(), opened;
		struct text message, pieces, why;
		struct spool spool;
		struct span piece;
		uint64_t offset = 0;

		text_init(&message, 10 * SPOOL_HELD);
		text_init(&pieces, 10 * SPOOL_HELD);
		text_init(&why, 1000);
		for (size_t byte = 0; byte < cases[index].size; byte++)
			text_add_byte(&message, (char)(byte % 251 + byte / 4096));
		spool_init_temporary(&spool);
		if (give(&spool, &message, &why) != QUEUE_OK)
			fail_msg("%s: %s", cases[index].name, text_string(&why));
		assert_int_equal(spool.size, cases[index].size);
		for (int round = 0; round < 2; round++) {
			opened = spool_open(&spool);
			assert_int_not_equal(opened, -1);
			check_contents(cases[index].name, opened, &message);
			close(opened);
		}
		while (spool_next(&spool, &offset, &piece) == 1)
			text_add(&pieces, piece);
		if (!span_equal(text_span(&pieces), text_span(&message)))
			fail_msg("%s: other pieces", cases[index].name);
		assert_int_equal(spool_copy(&spool, SPAN("before"), copy), 0);
		lseek(copy, 6, SEEK_SET);
		check_contents(cases[index].name, copy, &message);
		close(copy);
		spool_free(&spool);
		text_free(&message);
		text_free(&pieces);
		text_free(&why);
	}
}

static void test_spool_gives_back_what_came(void **state)
{
	(void)state;
	check_what_came(receive);
}

static void test_spool_gives_back_what_was_added(void **state)
{
	(void)state;
	check_what_came(add_pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spool_gives_back_what_came),
		cmocka_unit_test(test_spool_gives_back_what_was_added),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
