/*
 * What follows MAIL FROM: and RCPT TO:, from any bytes: an address that was taken is bounded, is
 * written in the syntax of RFC 5321, and means the same when that is read again, or it itself as it
 * is queued; the parameters behind it are all known ones.
 */
#include <assert.h>
#include <stdint.h>

#include "base/utf8.h"
#include "queue/mailbox.h"
#include "smtp/command.h"
#include "smtp/parameters.h"
#include "smtp/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_again(const struct smtp_path *path, struct text *written)
{
	struct span address = text_span(&path->address), rest;
	struct smtp_path again;

	text_init(&again.address, 2 * PATH_LARGEST);
	assert(path_read(text_span(written), &again, &rest) == PATH_OK);
	assert(rest.length == 0);
	assert(span_equal(text_span(&again.address), address));
	assert(again.at == path->at && again.is_utf8 == path->is_utf8);
	assert(again.is_beyond_ascii == path->is_beyond_ascii);
	text_free(&again.address);
}

static void check_queued(const struct smtp_path *path)
{
	struct smtp_path again;

	text_init(&again.address, 2 * PATH_LARGEST);
	assert(path_read_queued(text_span(&path->address), &again) == PATH_OK);
	assert(again.at == path->at && again.is_utf8 == path->is_utf8);
	assert(again.is_beyond_ascii == path->is_beyond_ascii);
	assert(path->is_odd || !again.is_odd);
	text_free(&again.address);
}

static void check_good(const struct smtp_path *path)
{
	struct span address = text_span(&path->address);
	bool is_beyond_ascii = false;
	struct address literal;
	struct text written;

	assert(address.length <= PATH_LARGEST && path->at <= address.length);
	assert(path->at == span_find_last(address, '@'));
	assert(path_domain(path).length + path->at + 1 == address.length ||
	       path->at == address.length);
	for (size_t index = 0; index < address.length; index++) {
		assert(span_byte(address, index) >= ' ' && address.bytes[index] != 0x7f);
		is_beyond_ascii |= span_byte(address, index) >= 0x80;
	}
	assert(is_beyond_ascii == path->is_beyond_ascii);
	assert(path->is_utf8 == utf8_is_valid(address));
	if (path_literal(path, &literal))
		assert(literal.version == 4 || literal.version == 6);
	check_queued(path);
	text_init(&written, 4 * PATH_LARGEST);
	text_add_byte(&written, '<');
	if (mailbox_write(address, &written)) {
		text_add_byte(&written, '>');
		check_again(path, &written);
	}
	assert(!written.failed);
	text_free(&written);
}

static void check_rest(struct span rest)
{
	struct mail_parameters parameters;

	assert(rest.length == 0 || rest.bytes[0] == ' ' || rest.bytes[0] == '\t');
	if (parameters_read(rest, &parameters) == REPLY_NONE && !parameters.has_size)
		assert(parameters.size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = {(const char *)bytes, size}, line, rest, argument;
	struct smtp_path path;

	text_init(&path.address, PATH_LARGEST + 1);
	while (span_next_line(&input, &line)) {
		enum smtp_verb verb = command_read(line, &argument);

		assert(argument.length <= line.length);
		assert(verb >= VERB_UNKNOWN && verb < VERB_COUNT);
		command_is_http(line);
		switch (path_read(line, &path, &rest)) {
		case PATH_OK:
			check_good(&path);
			check_rest(rest);
			break;
		case PATH_TOO_LONG: assert(line.length > PATH_LARGEST); break;
		case PATH_SYNTAX: break;
		case PATH_NO_MEMORY: assert(0);
		}
	}
	text_free(&path.address);
	return 0;
}
