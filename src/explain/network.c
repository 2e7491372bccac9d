#include "explain/network.h"

#include "base/number.h"
#include "rules/prefix.h"

/* "10.", "10.1." or "10.1.2.": whole octets. */
static bool read_dotted(struct span key, struct network *network)
{
	unsigned count = 0;

	network->address = (struct address){.version = 4};
	while (key.length && count < 3) {
		struct span part = span_head(key, span_find(key, '.'));
		uint64_t octet;

		if (part.length == key.length || !number_read_span(part, 255, &octet))
			return false;
		network->address.bytes[count++] = (uint8_t)octet;
		key = span_tail(key, part.length + 1);
	}
	network->prefix_length = 8 * count;
	return key.length == 0;
}

/* No reader asks for another key than the one that is written for a network. */
static bool read_prefix(struct span key, struct network *network)
{
	size_t slash = span_find(key, '/');
	char asked[PREFIX_KEY];
	uint64_t length;

	if (!address_read_span(span_head(key, slash), &network->address))
		return false;
	length = address_bits(&network->address);
	if (slash < key.length && !number_read_span(span_tail(key, slash + 1), length, &length))
		return false;
	network->prefix_length = (unsigned)length;
	return span_equal(key, (struct span){asked, prefix_key(&network->address,
							       network->prefix_length, asked)});
}

struct network network_read(struct span key)
{
	struct network network = {.kind = NETWORK_NONE};
	size_t at = span_find_last(key, '@');

	network.has_info = span_byte(key, 0) != '=' && at < key.length;
	if (network.has_info)
		key = span_tail(key, at + 1);
	if (key.length == 0)
		network.kind = network.has_info ? NETWORK_NONE : NETWORK_EVERYBODY;
	else if (key.bytes[0] == '=')
		network.kind = NETWORK_NAMES;
	else if (read_prefix(key, &network) || read_dotted(key, &network))
		network.kind = network.prefix_length ? NETWORK_ADDRESSES : NETWORK_EVERYBODY;
	return network;
}

bool network_is_public(const struct network *network)
{
	static const struct {
		struct address address;
		unsigned length;
	} set_aside[] = {
		{{4, {10}}, 8},	  {{4, {172, 16}}, 12},	   {{4, {192, 168}}, 16},
		{{4, {127}}, 8},  {{4, {169, 254}}, 16},   {{4, {100, 64}}, 10},
		{{6, {0xfc}}, 7}, {{6, {0xfe, 0x80}}, 10}, {{6, {[15] = 1}}, 128},
	};

	for (size_t index = 0; index < sizeof(set_aside) / sizeof(*set_aside); index++) {
		struct address outer = set_aside[index].address, inner = network->address;

		if (inner.version != outer.version ||
		    network->prefix_length < set_aside[index].length)
			continue;
		inner = address_prefix(&inner, set_aside[index].length);
		if (address_equal(&inner, &outer))
			return false;
	}
	return true;
}

/* The network of IPv4 that a network of translated addresses stands for, all of it when the prefix
 * is a translator's whole one or shorter; any other as it is. */
static struct network untranslated(const struct network *network)
{
	struct network inner = *network;

	if (network->kind != NETWORK_ADDRESSES || !address_is_translated(&network->address))
		return inner;
	inner.address = address_from_4(network->address.bytes + ADDRESS_TRANSLATOR / 8);
	inner.prefix_length = network->prefix_length > ADDRESS_TRANSLATOR
				      ? network->prefix_length - ADDRESS_TRANSLATOR
				      : 0;
	return inner;
}

void network_count_add(struct network_count *count, struct span key)
{
	struct network network = network_read(key);
	uint64_t size;

	network = untranslated(&network);
	if (network.kind != NETWORK_ADDRESSES || network.address.version != 4)
		return;
	size = (uint64_t)1 << (32 - network.prefix_length);
	count->all += size;
	count->public += network_is_public(&network) ? size : 0;
}
