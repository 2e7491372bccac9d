#include "base/address.h"

#include <arpa/inet.h>
#include <string.h>

#define IPV6_CUSTOMER 64 /* bits of the prefix that one customer is given */

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 section 2.5.5.2 */

struct address address_from_4(const void *bytes)
{
	struct address address = {.version = 4};

	memcpy(address.bytes, bytes, 4);
	return address;
}

struct address address_from_16(const void *bytes)
{
	struct address address = {.version = 6};

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		return address_from_4((const uint8_t *)bytes + sizeof(mapped));
	memcpy(address.bytes, bytes, 16);
	return address;
}

bool address_read(const char *string, struct address *address)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, string, bytes) == 1)
		*address = address_from_4(bytes);
	else if (inet_pton(AF_INET6, string, bytes) == 1)
		*address = address_from_16(bytes);
	else
		return false;
	return true;
}

bool address_read_span(struct span text, struct address *address)
{
	char string[ADDRESS_TEXT];

	if (text.length >= sizeof(string) || span_find(text, '\0') < text.length)
		return false;
	if (text.length)
		memcpy(string, text.bytes, text.length);
	string[text.length] = '\0';
	return address_read(string, address);
}

bool address_read_client(struct span text, struct address *address)
{
	size_t scope = span_find(text, '%');
	struct address read;

	if (!address_read_span(span_head(text, scope), &read) ||
	    (scope < text.length && read.version != 6))
		return false;
	*address = read;
	return true;
}

/* RFC 5952 section 4: lower case, no leading zeros, the first longest run of two or more zero
 * groups is "::". Written here because C libraries differ in it. */
static size_t write_6(const uint8_t bytes[16], char *text)
{
	static const char digits[] = "0123456789abcdef";
	unsigned run_start = 8, run_length = 1, length = 0;

	for (unsigned start = 0; start < 8; start++) {
		unsigned end = start;

		while (end < 8 && bytes[2 * end] == 0 && bytes[2 * end + 1] == 0)
			end++;
		if (end - start > run_length) {
			run_start = start;
			run_length = end - start;
		}
	}
	for (unsigned group = 0; group < 8; group++) {
		unsigned value = (unsigned)(bytes[2 * group] << 8 | bytes[2 * group + 1]);
		unsigned shift = 12;

		if (group == run_start) {
			text[length++] = ':';
			text[length++] = ':';
			group += run_length - 1;
			continue;
		}
		while (shift > 0 && value >> shift == 0)
			shift -= 4;
		for (;; shift -= 4) {
			text[length++] = digits[value >> shift & 15];
			if (shift == 0)
				break;
		}
		if (group < 7 && group + 1 != run_start)
			text[length++] = ':';
	}
	text[length] = '\0';
	return length;
}

static size_t write_4(const uint8_t bytes[4], char *text)
{
	size_t length = 0;

	for (unsigned index = 0; index < 4; index++) {
		unsigned value = bytes[index];

		if (index)
			text[length++] = '.';
		if (value >= 100)
			text[length++] = (char)('0' + value / 100);
		if (value >= 10)
			text[length++] = (char)('0' + value / 10 % 10);
		text[length++] = (char)('0' + value % 10);
	}
	text[length] = '\0';
	return length;
}

size_t address_write(const struct address *address, char text[ADDRESS_TEXT])
{
	return address->version == 4 ? write_4(address->bytes, text)
				     : write_6(address->bytes, text);
}

bool address_equal(const struct address *left, const struct address *right)
{
	return left->version == right->version && memcmp(left->bytes, right->bytes, 16) == 0;
}

unsigned address_bits(const struct address *address)
{
	return address->version == 4 ? 32 : 128;
}

struct address address_prefix(const struct address *address, unsigned prefix_length)
{
	struct address prefix = *address;

	for (unsigned index = 0; index < 16; index++) {
		unsigned bits = prefix_length > 8 * index ? prefix_length - 8 * index : 0;

		if (bits < 8)
			prefix.bytes[index] &= (uint8_t)(0xff00 >> bits);
	}
	return prefix;
}

static bool is_in(const struct address *address, const struct address *network, unsigned length)
{
	struct address prefix = address_prefix(address, length);

	return address_equal(&prefix, network);
}

bool address_is_translated(const struct address *address)
{
	static const struct address everywhere = {6, {0, 0x64, 0xff, 0x9b}};
	static const struct address local = {6, {0, 0x64, 0xff, 0x9b, 0, 1}};

	return is_in(address, &everywhere, ADDRESS_TRANSLATOR) || is_in(address, &local, 48);
}

struct address address_owner(const struct address *address)
{
	static const struct address link = {6, {0xfe, 0x80}}, teredo = {6, {0x20, 0x01}};
	static const struct address old = {.version = 6};

	if (address->version == 4 || address_is_translated(address) || is_in(address, &link, 10) ||
	    is_in(address, &teredo, 32) || is_in(address, &old, 64))
		return *address;
	return address_prefix(address, IPV6_CUSTOMER);
}
