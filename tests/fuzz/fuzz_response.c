/*
 * fuzz_response: whatever a next hop says, cut into whatever pieces, is read in the same way, in
 * bounded memory, and comes out as one printable line.
 */
#include <stdint.h>
#include <stdlib.h>

#include "queue/response.h"

static enum response_step feed(struct span bytes, size_t piece, struct text *words)
{
	enum response_step step = RESPONSE_MORE;
	struct response response;

	response_init(&response);
	while (bytes.length && step == RESPONSE_MORE) {
		struct span part = span_head(bytes, piece);
		size_t given = part.length;

		step = response_feed(&response, &part);
		bytes = span_tail(bytes, given - part.length);
	}
	if (response.text.length > RESPONSE_KEPT)
		abort();
	if (step == RESPONSE_DONE)
		response_write(&response, words);
	response_free(&response);
	return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = {(const char *)data, size};
	struct text whole, pieces;

	text_init(&whole, 512);
	text_init(&pieces, 512);
	if (feed(bytes, size + 1, &whole) != feed(bytes, 1, &pieces) ||
	    !span_equal(text_span(&whole), text_span(&pieces)))
		abort();
	for (size_t index = 0; index < whole.length; index++)
		if (whole.bytes[index] < ' ' || whole.bytes[index] > '~')
			abort();
	text_free(&whole);
	text_free(&pieces);
	return 0;
}
