/*
 * What a client says to log in: names and passwords that come of it are bounded, hold no NUL, and
 * are those that were said; base64 has one text for the same bytes. And the message that hands them
 * to a program of checkpassword's interface.
 *
 * The first byte chooses a mechanism, and whether the first line stands behind AUTH.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/credentials.h"
#include "smtp/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define ROOM (1024 * 1024)

static void check_base64(struct span bytes)
{
	struct text text, back;

	text_init(&text, ROOM);
	text_init(&back, ROOM);
	base64_write(bytes, &text);
	assert(text.length == (bytes.length + 2) / 3 * 4);
	assert(sasl_decode(text_span(&text), &back));
	assert(span_equal(text_span(&back), bytes));
	text_clear(&text);
	text_clear(&back);
	if (sasl_decode(bytes, &back)) {
		base64_write(text_span(&back), &text);
		assert(span_equal(text_span(&text), bytes));
	}
	text_free(&text);
	text_free(&back);
}

static bool is_usable(const struct text *text)
{
	return text->length > 0 && span_find(text_span(text), '\0') == text->length;
}

/* PLAIN's message, said again as we would say it, is taken as the same. */
static void check_again(const struct sasl *sasl)
{
	struct text message, line;
	struct span challenge;
	struct sasl again;

	text_init(&message, SASL_LARGEST);
	text_init(&line, ROOM);
	text_add_byte(&message, '\0');
	text_add(&message, text_span(&sasl->user));
	text_add_byte(&message, '\0');
	text_add(&message, text_span(&sasl->password));
	if (!message.failed) {
		base64_write(text_span(&message), &line);
		sasl_init(&again);
		assert(sasl_start(&again, SASL_PLAIN, true, text_span(&line), &challenge) ==
		       SASL_DONE);
		assert(span_equal(text_span(&again.user), text_span(&sasl->user)));
		assert(span_equal(text_span(&again.password), text_span(&sasl->password)));
		sasl_clear(&again);
		text_free(&again.user);
		text_free(&again.password);
	}
	text_free(&message);
	text_free(&line);
}

static void check_exchange(struct span lines, enum sasl_mechanism mechanism, bool has_response)
{
	struct span line = {NULL, 0}, challenge = {NULL, 0};
	enum sasl_step step;
	unsigned challenges = 0;
	struct sasl sasl;

	sasl_init(&sasl);
	if (has_response && !span_next_line(&lines, &line))
		has_response = false;
	line = span_head(line, SASL_LARGEST - 2);
	step = sasl_start(&sasl, mechanism, has_response, line, &challenge);
	while (step == SASL_CHALLENGE) {
		assert(++challenges <= 2 && challenge.length % 4 == 0);
		if (!span_next_line(&lines, &line))
			break;
		step = sasl_take(&sasl, span_head(line, SASL_LARGEST - 2), &challenge);
	}
	if (step == SASL_DONE) {
		assert(is_usable(&sasl.user) && is_usable(&sasl.password));
		check_again(&sasl);
	}
	sasl_clear(&sasl);
	assert(sasl.user.length == 0 && sasl.password.length == 0);
	text_free(&sasl.user);
	text_free(&sasl.password);
}

static void check_credentials(struct span message)
{
	struct span name, password;

	if (!credentials_read(message, &name, &password))
		return;
	assert(message.length <= CREDENTIALS_LARGEST);
	assert(strlen(name.bytes) == name.length && strlen(password.bytes) == password.length);
	assert(name.bytes == message.bytes && password.bytes == name.bytes + name.length + 1);
	assert(password.bytes + password.length < message.bytes + message.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = {(const char *)bytes, size};

	if (size == 0)
		return 0;
	input = span_tail(input, 1);
	check_exchange(input, bytes[0] & 1 ? SASL_PLAIN : SASL_LOGIN, bytes[0] & 2);
	check_base64(input);
	check_credentials(input);
	return 0;
}
