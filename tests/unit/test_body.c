#include "smtp/body.h"

#include <stdlib.h>

#include "base/text.h"
#include "support/check.h"

static void put(void *world, struct span bytes)
{
	text_add(world, bytes);
}

static struct smtp_body *new_body(struct text *out, uint64_t largest)
{
	struct smtp_body *body = malloc(sizeof(*body) + BODY_ROOM);

	assert_non_null(body);
	text_init(out, 1024 * 1024);
	body_start(body, largest, (char *)(body + 1));
	body->world = out;
	body->put = put;
	return body;
}

static void test_body_data_ends_and_unstuffs(void **state)
{
	static const struct {
		const char *in, *out, *rest;
		enum body_step step;
	} cases[] = {
		{".\r\n", "", "", BODY_END},
		{".\r\nQUIT\r\n", "", "QUIT\r\n", BODY_END},
		{"a\r\n.\r\n", "a\n", "", BODY_END},
		{"a\r\n..\r\n.\r\n", "a\n.\n", "", BODY_END},
		{"..a\r\n...b\r\n.c\r\n.\r\n", ".a\n..b\nc\n", "", BODY_END},
		{"a.\r\n.\r\n", "a.\n", "", BODY_END},
		{".\rx\r\n.\r\n", ".\rx\n", "", BODY_END},
		{".\r\r\n.\r\n", ".\r\n", "", BODY_END},
		{"\r\r\n.\r\n", "\r\n", "", BODY_END},
		{"a\rb\r\n.\r\n", "a\rb\n", "", BODY_END},
		{"\r.\r\r\n.\r\n", "\r.\r\n", "", BODY_END},
		{"\n", "", "", BODY_STRAY_LF},
		{"a\n.\r\n", "", ".\r\n", BODY_STRAY_LF},
		{".\n", "", "", BODY_STRAY_LF},
		{"a\r\n.\n", "a\n", "", BODY_STRAY_LF},
		{"a\r\n\nb", "a\n", "b", BODY_STRAY_LF},
		{"a\r\n.", "a\n", "", BODY_MORE},
		{"a\r\n.\r", "a\n", "", BODY_MORE},
		{"a", "a", "", BODY_MORE},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		size_t length = strlen(cases[index].in);

		for (size_t cut = 0; cut <= length; cut++) { /* whole, and cut in two anywhere */
			struct text out;
			struct smtp_body *body = new_body(&out, 0);
			struct span first = {cases[index].in, cut};
			struct span second = {cases[index].in + cut, length - cut};
			enum body_step step = body_data(body, &first);

			if (step == BODY_MORE) {
				step = body_data(body, &second);
				CHECK_SPAN(cases[index].in, second, cases[index].rest);
			}
			assert_int_equal(step, cases[index].step);
			if (step == BODY_END) {
				body_finish(body);
				CHECK_SPAN(cases[index].in, text_span(&out), cases[index].out);
				assert_int_equal(body->size, strlen(cases[index].out));
			}
			text_free(&out);
			free(body);
		}
	}
}

static void test_body_chunks_keep_their_bytes(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a\r\n.\r\nb\r\n", "a\n.\nb\n"},
		{"..\r\n", "..\n"},
		{"a\nb", "a\nb"},
		{"a\r", "a\r"},
		{"\r\r\n", "\r\n"},
		{"a\r\rb\r\n\r", "a\r\rb\n\r"},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		size_t length = strlen(cases[index].in);

		for (size_t cut = 0; cut <= length; cut++) {
			struct text out;
			struct smtp_body *body = new_body(&out, 0);

			body_chunk(body, (struct span){cases[index].in, cut});
			body_chunk(body, (struct span){cases[index].in + cut, length - cut});
			body_finish(body);
			CHECK_SPAN(cases[index].in, text_span(&out), cases[index].out);
			text_free(&out);
			free(body);
		}
	}
}

static void test_body_is_limited(void **state)
{
	struct text out;
	struct smtp_body *body = new_body(&out, 5);
	struct span input = SPAN("abcd\r\n.\r\n");

	(void)state;
	assert_int_equal(body_data(body, &input), BODY_END);
	assert_false(body->is_too_large);
	body_start(body, 5, body->buffer);
	input = SPAN("abcd\r\n\r\n.\r\n");
	assert_int_equal(body_data(body, &input), BODY_END);
	assert_true(body->is_too_large);
	body_finish(body);
	assert_int_equal(out.length, 0);
	text_free(&out);
	free(body);
}

static void test_body_hands_on_the_same_however_it_is_cut(void **state)
{
	static char line[2 * BODY_ROOM];
	static const struct {
		uint64_t largest;
		enum body_step step;
	} cases[] = {{BODY_ROOM + 1, BODY_MORE}, {0, BODY_STRAY_LF}};

	(void)state;
	memset(line, 'x', sizeof(line));
	for (size_t index = 0; index < LENGTH(cases); index++) {
		line[sizeof(line) - 1] = cases[index].step == BODY_MORE ? 'x' : '\n';
		for (size_t length = 1; length <= sizeof(line); length *= 2) {
			struct text out;
			struct smtp_body *body = new_body(&out, cases[index].largest);
			enum body_step step = BODY_MORE;

			for (size_t at = 0; at < sizeof(line); at += length) {
				struct span input = {line + at, length};

				step = body_data(body, &input);
			}
			assert_int_equal(step, cases[index].step);
			assert_int_equal(out.length, BODY_ROOM);
			text_free(&out);
			free(body);
		}
	}
}

static void test_body_counts_hops_in_the_header_only(void **state)
{
	static const struct {
		const char *name, *line;
		unsigned times;
		bool is_looping;
	} cases[] = {
		{"99", "Received: x\r\n", 99, false},
		{"100", "Received: x\r\n", 100, true},
		{"delivered", "delivered-to: x\r\n", 100, true},
		{"blank before the colon", "Received : x\r\n", 100, true},
		{"another name", "Received-SPF: x\r\n", 200, false},
		{"shorter", "Received\r\n", 200, false},
		{"folded", " Received: x\r\n", 200, false},
		{"body", "\r\nReceived: x\r\n", 200, false},
	};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		struct text out;
		struct smtp_body *body = new_body(&out, 0);

		for (unsigned count = 0; count < cases[index].times; count++) {
			struct span input = span_of(cases[index].line);

			assert_int_equal(body_data(body, &input), BODY_MORE);
		}
		if (body->has_too_many_hops != cases[index].is_looping)
			fail_msg("%s", cases[index].name);
		text_free(&out);
		free(body);
	}
}

static void test_body_passes_more_than_its_buffer(void **state)
{
	struct text in, out;
	struct smtp_body *body = new_body(&out, 0);
	struct span input;

	(void)state;
	text_init(&in, 1024 * 1024);
	for (unsigned line = 0; line < 3000; line++) {
		for (unsigned byte = 0; byte < line % 90; byte++)
			text_add_byte(&in, (char)('a' + byte % 26));
		text_add_string(&in, "\r\n");
	}
	for (unsigned byte = 0; byte < 200000; byte++)
		text_add_byte(&in, 'y');
	text_add_string(&in, "\r\n.\r\n");
	input = text_span(&in);
	assert_int_equal(body_data(body, &input), BODY_END);
	body_finish(body);
	/* Each CRLF became an LF, and the dot line went. */
	assert_int_equal(out.length, in.length - 3 - 3001);
	assert_int_equal(body->size, out.length);
	text_free(&in);
	text_free(&out);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body_data_ends_and_unstuffs),
		cmocka_unit_test(test_body_chunks_keep_their_bytes),
		cmocka_unit_test(test_body_is_limited),
		cmocka_unit_test(test_body_hands_on_the_same_however_it_is_cut),
		cmocka_unit_test(test_body_counts_hops_in_the_header_only),
		cmocka_unit_test(test_body_passes_more_than_its_buffer),
	};

	return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
