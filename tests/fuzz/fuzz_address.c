/*
 * Addresses, their prefixes, and addresses with a port, from any text: what was read is written in
 * one way only, and what was written is read as the same.
 */
#include <assert.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/number.h"
#include "rules/prefix.h"
#include "unix/dns_servers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_prefix(const struct address *address, unsigned length)
{
	struct address prefix = address_prefix(address, length), again;
	char key[PREFIX_KEY], text[ADDRESS_TEXT];
	size_t written;

	again = address_prefix(&prefix, length);
	assert(address_equal(&prefix, &again));
	for (unsigned bit = 0; bit < address_bits(address); bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		assert((prefix.bytes[bit / 8] & mask) ==
		       (bit < length ? address->bytes[bit / 8] & mask : 0));
	}
	written = prefix_key(address, length, key);
	assert(written < sizeof(key) && key[written] == '\0' && strlen(key) == written);
	if (!prefix_is_indexed(address->version, length))
		return;
	address_write(&prefix, text);
	assert(strncmp(key, text, strlen(text)) == 0 && key[strlen(text)] == '/');
}

static void check_address(struct span text)
{
	struct address address = {.version = 99}, again;
	char written[ADDRESS_TEXT], twice[ADDRESS_TEXT];
	size_t length;

	if (!address_read_span(text, &address)) {
		assert(address.version == 99);
		return;
	}
	length = address_write(&address, written);
	assert(length < sizeof(written) && strlen(written) == length);
	assert(address_read(written, &again) && address_equal(&address, &again));
	assert(address_write(&again, twice) == length && strcmp(written, twice) == 0);
	for (unsigned bits = (unsigned)text.length % 7; bits <= address_bits(&address); bits += 7)
		check_prefix(&address, bits);
}

static void check_endpoint(struct span text)
{
	struct endpoint endpoint, again;
	char address[ADDRESS_TEXT];
	struct span host;
	struct text written;
	uint16_t port;

	if (endpoint_split(text, 25, &host, &port))
		assert(host.length > 0 && host.length <= text.length && port > 0);
	if (!endpoint_read(text, 25, &endpoint))
		return;
	text_init(&written, 1000);
	address_write(&endpoint.address, address);
	text_add_string(&written, endpoint.address.version == 6 ? "[" : "");
	text_add_string(&written, address);
	text_add_string(&written, endpoint.address.version == 6 ? "]:" : ":");
	text_add_number(&written, endpoint.port);
	assert(endpoint_read(text_span(&written), 1, &again));
	assert(again.port == endpoint.port);
	assert(address_equal(&again.address, &endpoint.address));
	text_free(&written);
}

/* The index of prefix lengths, where '|' stands for NUL. */
static void check_index(struct span text)
{
	struct prefix_lengths lengths;
	struct text data, again;

	text_init(&data, 1024 * 1024);
	text_init(&again, 1024 * 1024);
	text_add(&data, text);
	for (size_t index = 0; index < data.length; index++)
		if (data.bytes[index] == '|')
			data.bytes[index] = '\0';
	if (prefix_lengths_read(text_span(&data), &lengths)) {
		prefix_lengths_write(&lengths, &again);
		assert(span_equal(text_span(&data), text_span(&again)));
	}
	text_free(&data);
	text_free(&again);
}

static void check_number(struct span text)
{
	uint64_t number = 7;
	struct text written;

	if (!number_read_span(text, UINT64_MAX, &number)) {
		assert(number == 7);
		return;
	}
	if (text.length > 20)
		return; /* more zeros than text_add_number_wide writes */
	text_init(&written, 20);
	text_add_number_wide(&written, number, text.length);
	assert(span_equal(text_span(&written), text));
	text_free(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span rest = {(const char *)bytes, size}, line;
	struct endpoint servers[DNS_SERVERS_MOST];

	assert(dns_servers_read(rest, servers) <= DNS_SERVERS_MOST);
	while (span_next_line(&rest, &line)) {
		check_address(line);
		check_endpoint(line);
		check_index(line);
		check_number(line);
	}
	return 0;
}
