/*
 * Short answers of strangers: of a QMQP server, what it means is settled by its first bytes and
 * never by how they come; of an ident server, what is taken is printable and short.
 */
#include <assert.h>

#include "queue/qmqp.h"
#include "unix/ident.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define LONGEST_INFO 256 /* bytes */

static void check_qmqp(struct span input)
{
	enum qmqp_step step = QMQP_MORE, later;
	enum verdict verdict = VERDICT_NO, verdict_later;
	struct span words = {NULL, 0}, words_later;
	size_t length = 0;

	while (step == QMQP_MORE && length < input.length)
		step = qmqp_read(span_head(input, ++length), &verdict, &words);
	assert(step != QMQP_MORE || length <= QMQP_ANSWER + 11);
	if (step != QMQP_DONE)
		return;
	assert(words.length + 1 <= QMQP_ANSWER);
	assert(words.bytes > input.bytes && words.bytes + words.length < input.bytes + length);
	assert(words.bytes[-1] == (verdict == VERDICT_YES  ? 'K'
				   : verdict == VERDICT_NO ? 'D'
							   : 'Z'));
	later = qmqp_read(input, &verdict_later, &words_later);
	assert(later == QMQP_DONE && verdict_later == verdict && span_equal(words_later, words));
}

static void check_ident(struct span input)
{
	struct text info;

	text_init(&info, 1000);
	ident_read(input, &info);
	assert(info.length <= LONGEST_INFO);
	for (size_t index = 0; index < info.length; index++)
		assert(info.bytes[index] > ' ' && info.bytes[index] <= '~');
	text_free(&info);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = {(const char *)bytes, size};

	check_qmqp(input);
	check_ident(input);
	return 0;
}
