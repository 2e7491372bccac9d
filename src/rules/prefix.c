#include "rules/prefix.h"

#include <assert.h>
#include <string.h>

#include "base/number.h"

#define START_4 SPAN("#4/")
#define START_6 SPAN("#6/")

/* The octets of a traditional prefix of so many bits; 0 when there is no such prefix. */
static unsigned traditional_octets(unsigned version, unsigned prefix_length)
{
	return version == 4 && prefix_length > 0 && prefix_length < 32 && prefix_length % 8 == 0
		       ? prefix_length / 8
		       : 0;
}

size_t prefix_key(const struct address *address, unsigned prefix_length, char key[PREFIX_KEY])
{
	struct address prefix = address_prefix(address, prefix_length);
	unsigned octets = traditional_octets(address->version, prefix_length);
	size_t length = address_write(&prefix, key);

	if (octets) {
		length = 0;
		while (octets > 0)
			octets -= key[length++] == '.';
	} else if (prefix_length < address_bits(address)) {
		key[length++] = '/';
		if (prefix_length >= 100)
			key[length++] = (char)('0' + prefix_length / 100);
		if (prefix_length >= 10)
			key[length++] = (char)('0' + prefix_length / 10 % 10);
		key[length++] = (char)('0' + prefix_length % 10);
	}
	key[length] = '\0';
	return length;
}

bool prefix_is_indexed(unsigned version, unsigned prefix_length)
{
	return prefix_length < (version == 4 ? 32 : 128) &&
	       !traditional_octets(version, prefix_length);
}

void prefix_lengths_add(struct prefix_lengths *lengths, unsigned version, unsigned prefix_length)
{
	assert(prefix_is_indexed(version, prefix_length));
	(version == 4 ? lengths->has_4 : lengths->has_6)[prefix_length] = true;
}

bool prefix_lengths_have(const struct prefix_lengths *lengths, unsigned version,
			 unsigned prefix_length)
{
	return prefix_is_indexed(version, prefix_length) &&
	       (version == 4 ? lengths->has_4 : lengths->has_6)[prefix_length];
}

static void write_family(struct span start, const bool *has, unsigned bits, struct text *data)
{
	bool is_first = true;

	for (unsigned length = bits; length-- > 0;) {
		if (!has[length])
			continue;
		if (is_first)
			text_add(data, start);
		else
			text_add_byte(data, ',');
		text_add_number(data, length);
		is_first = false;
	}
	if (!is_first)
		text_add_byte(data, '\0');
}

void prefix_lengths_write(const struct prefix_lengths *lengths, struct text *data)
{
	write_family(START_4, lengths->has_4, 32, data);
	write_family(START_6, lengths->has_6, 128, data);
}

/* Numbers from the largest to the smallest, each of which may stand in an index. */
static bool read_numbers(struct span list, unsigned version, bool *has)
{
	uint64_t number, before = UINT64_MAX;

	for (;;) {
		size_t comma = span_find(list, ',');
		struct span digits = span_head(list, comma);

		if (!number_read_span(digits, 127, &number) || number >= before ||
		    (digits.length > 1 && digits.bytes[0] == '0') ||
		    !prefix_is_indexed(version, (unsigned)number))
			return false;
		has[number] = true;
		before = number;
		if (comma == list.length)
			return true;
		list = span_tail(list, comma + 1);
	}
}

bool prefix_lengths_read(struct span data, struct prefix_lengths *lengths)
{
	bool was_6 = false, was_any = false;

	memset(lengths, 0, sizeof(*lengths));
	while (data.length) {
		size_t end = span_find(data, '\0');
		struct span item = span_head(data, end);
		struct span list = span_tail(item, START_4.length);

		if (end == data.length || was_6)
			return false;
		was_6 = span_starts(item, START_6);
		if (was_6 ? !read_numbers(list, 6, lengths->has_6)
			  : was_any || !span_starts(item, START_4) ||
				    !read_numbers(list, 4, lengths->has_4))
			return false;
		was_any = true;
		data = span_tail(data, end + 1);
	}
	return was_any;
}
