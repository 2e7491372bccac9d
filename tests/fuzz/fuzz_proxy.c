/*
 * What a balancer sends before the client's bytes: no more is read than belongs to the header, the
 * header is bounded, and one that was taken says what it says when it is written anew.
 */
#include <assert.h>
#include <string.h>

#include "rules/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* As proxy-env reads it: only as much as was asked for. */
static enum proxy_step read_header(struct span input, struct proxy_header *header, size_t *taken,
				   struct text *why)
{
	struct span so_far = {input.bytes, 0};
	enum proxy_step step;
	size_t more = 0;

	while ((step = proxy_header_read(so_far, &more, header, why)) == PROXY_MORE) {
		assert(more >= 1 && so_far.length + more <= PROXY_HEADER_LARGEST);
		if (so_far.length + more > input.length)
			break;
		so_far.length += more;
	}
	assert((step == PROXY_MALFORMED) == (why->length > 0));
	*taken = so_far.length;
	return step;
}

static void check_same(const struct proxy_header *header, struct span written)
{
	struct proxy_header again;
	struct text why;
	size_t taken;

	text_init(&why, 1000);
	assert(read_header(written, &again, &taken, &why) == PROXY_DONE && taken == written.length);
	assert(again.has_addresses);
	assert(address_equal(&again.remote, &header->remote));
	assert(address_equal(&again.local, &header->local));
	assert(again.remote_port == header->remote_port && again.local_port == header->local_port);
	text_free(&why);
}

static void check_line(const struct proxy_header *header)
{
	char remote[ADDRESS_TEXT], local[ADDRESS_TEXT];
	struct text line;

	text_init(&line, 200);
	address_write(&header->remote, remote);
	address_write(&header->local, local);
	text_add_string(&line, header->remote.version == 4 ? "PROXY TCP4 " : "PROXY TCP6 ");
	text_add_string(&line, remote);
	text_add_byte(&line, ' ');
	text_add_string(&line, local);
	text_add_byte(&line, ' ');
	text_add_number(&line, header->remote_port);
	text_add_byte(&line, ' ');
	text_add_number(&line, header->local_port);
	text_add_string(&line, "\r\n");
	check_same(header, text_span(&line));
	text_free(&line);
}

static void check_binary(const struct proxy_header *header)
{
	static const char start[] = "\r\n\r\n\0\r\nQUIT\n\x21";
	bool is_6 = header->remote.version == 6;
	size_t bytes = is_6 ? 16 : 4;
	struct text block;

	text_init(&block, 200);
	text_add(&block, (struct span){start, sizeof(start) - 1});
	text_add_byte(&block, is_6 ? 0x21 : 0x11);
	text_add_byte(&block, 0);
	text_add_byte(&block, (char)(2 * bytes + 4));
	text_add(&block, (struct span){(const char *)header->remote.bytes, bytes});
	text_add(&block, (struct span){(const char *)header->local.bytes, bytes});
	text_add_byte(&block, (char)(header->remote_port >> 8));
	text_add_byte(&block, (char)(header->remote_port & 255));
	text_add_byte(&block, (char)(header->local_port >> 8));
	text_add_byte(&block, (char)(header->local_port & 255));
	check_same(header, text_span(&block));
	text_free(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span input = {(const char *)bytes, size};
	struct proxy_header header, whole;
	struct text why;
	size_t taken, more;

	text_init(&why, 1000);
	if (read_header(input, &header, &taken, &why) == PROXY_DONE) {
		assert(taken > 0 && taken <= size);
		assert(proxy_header_read(span_head(input, taken), &more, &whole, &why) ==
		       PROXY_DONE);
		assert(memcmp(&whole, &header, sizeof(whole)) == 0);
		if (header.has_addresses && header.remote.version == header.local.version) {
			check_line(&header);
			check_binary(&header);
		}
	}
	text_free(&why);
	return 0;
}
