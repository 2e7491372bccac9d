#include "rules/pattern.h"

#include "base/address.h"
#include "base/number.h"
#include "rules/prefix.h"

static bool malformed(struct text *why, const char *reason)
{
	text_add_string(why, reason);
	return false;
}

/* --- what can never match --- */

/* What stands behind '='. Names are in lower case and without the dot at their end when they are
 * looked up, no byte is in them that is not printable, and none is an address. */
static const char *flaw_of_name(struct span name)
{
	struct address address;

	for (size_t index = 0; index < name.length; index++) {
		int byte = span_byte(name, index);

		if (byte_fold((char)byte) != (char)byte)
			return "upper-case letters in a host name, which clients' names never have";
		if (byte == '*')
			return "a '*' in a host name is none (=.example.org is for all below it)";
		if (byte <= ' ' || byte >= 0x7f)
			return "blanks or 8-bit letters in a host name, which clients' names never "
			       "have";
	}
	if (name.length && name.bytes[name.length - 1] == '.')
		return "a dot at the end of a host name, which clients' names never have";
	if (address_read_span(name, &address))
		return "an address is no host name (it stands without =)";
	return NULL;
}

/* An address without '=', '@' and ':': four numbers, or one to three that each end in a dot. */
static const char *flaw_of_numbers(struct span text)
{
	bool has_zeros = false, ends_in_dot = true;
	unsigned octets = 0;

	if (text.length && (text.bytes[0] == ' ' || text.bytes[0] == '\t'))
		return "a leading blank, which no client's address has";
	while (text.length) {
		size_t end = span_find(text, '.');
		struct span digits = span_head(text, end);
		uint64_t octet;

		if (!number_read_span(digits, 255, &octet))
			return "no client has such an address (a host name begins with =)";
		has_zeros |= digits.length > 1 && digits.bytes[0] == '0';
		ends_in_dot = end < text.length;
		octets++;
		text = span_tail(text, end + 1);
	}
	if (has_zeros)
		return "leading zeros, which no client's address has";
	if (octets < 4 && !ends_in_dot)
		return "no dot at the end, so that it is no prefix of an address";
	if (octets > 4 || (octets == 4 && ends_in_dot))
		return "no client has such an address (it has four numbers)";
	return NULL;
}

static const char *flaw_of(struct span text, bool has_info)
{
	if (span_byte(text, 0) != '=') {
		if (has_info && (text.length == 0 || text.bytes[text.length - 1] == '.'))
			return "with @, only a whole address or host name can match";
		return flaw_of_numbers(text);
	}
	if (has_info && span_byte(text, 1) == '.')
		return "with @, only a whole address or host name can match";
	return flaw_of_name(span_tail(text, 1));
}

/* --- ranges --- */

/* The traditional way: no digits are 0, too large numbers wrap around, and a NUL ends it. */
static bool read_number(struct span digits, uint64_t *number)
{
	digits = span_head(digits, span_find(digits, '\0'));
	*number = 0;
	for (size_t index = 0; index < digits.length; index++) {
		char digit = digits.bytes[index];

		if (digit < '0' || digit > '9')
			return false;
		*number = *number * 10 + (uint64_t)(digit - '0');
	}
	return true;
}

static bool read_range(struct span text, struct pattern *pattern, struct text *room,
		       struct text *why)
{
	size_t dash = span_find(text, '-'), left = span_find_last(span_head(text, dash), '.');
	struct span right = span_tail(text, dash + 1);
	size_t end = span_find(right, '.');
	struct span key;

	left = left == dash ? 0 : left + 1;
	if (!read_number(span_head(span_tail(text, left), dash - left), &pattern->first) ||
	    !read_number(span_head(right, end), &pattern->last))
		return malformed(why, "a range has a number on each side of its dash");
	pattern->before = span_head(text, left);
	pattern->behind = span_tail(right, end);
	pattern->has_number = true;
	if (pattern->last >= PATTERN_MOST_KEYS)
		pattern->last = PATTERN_MOST_KEYS - 1;
	if (left == 0 && span_equal(pattern->behind, SPAN(".")) && pattern->first < pattern->last)
		pattern->reach = pattern->first == 0 && pattern->last == PATTERN_MOST_KEYS - 1
					 ? REACH_EVERYONE
					 : REACH_WIDE;
	if (pattern->first > pattern->last) {
		pattern->flaw = "a reversed range, which stands for nothing";
	} else if (span_has(text, '/')) {
		pattern->flaw = "a range and a prefix length do not go together";
	} else {
		struct pattern copy = *pattern;

		pattern_next_key(&copy, room, &key);
		pattern->flaw = flaw_of_numbers(key);
	}
	return true;
}

/* --- networks --- */

/* What stands behind the address: nothing, or a slash and the prefix length. */
static bool read_length(struct span text, unsigned bits, unsigned *prefix_length, struct text *why)
{
	struct span digits = span_tail(text, 1);
	uint64_t number = bits;

	if (text.length == 0) {
		*prefix_length = bits;
		return true;
	}
	if (text.bytes[0] != '/')
		return malformed(why, "neither a colon nor a prefix length behind ]");
	if (!number_read_span(digits, 999, &number))
		return malformed(why, "the prefix length is no number");
	if (number > bits) {
		text_add_string(why, "prefix length ");
		text_add_number(why, number);
		text_add_string(why, " is more than ");
		text_add_number(why, bits);
		return false;
	}
	*prefix_length = (unsigned)number;
	return true;
}

static bool check_host_bits(const struct address *address, unsigned prefix_length, struct text *why)
{
	struct address prefix = address_prefix(address, prefix_length);
	char text[ADDRESS_TEXT];

	if (address_equal(&prefix, address))
		return true;
	text_add_string(why, "host bits set: the network is ");
	text_add(why, (struct span){text, address_write(&prefix, text)});
	text_add_byte(why, '/');
	text_add_number(why, prefix_length);
	return false;
}

/* An address, in brackets or not, and perhaps a prefix length. */
static bool read_network(struct span text, struct address *address, unsigned *prefix_length,
			 struct text *why)
{
	struct span base = span_head(text, span_find(text, '/'));
	struct span rest = span_tail(text, base.length);
	bool is_6;

	if (span_byte(text, 0) == '[') {
		size_t end = span_find(text, ']');

		if (end == text.length)
			return malformed(why, "no ] behind the address");
		base = span_tail(span_head(text, end), 1);
		rest = span_tail(text, end + 1);
	}
	is_6 = span_has(base, ':');
	if (!address_read_span(base, address))
		return malformed(why, "not an IPv6 address");
	if (!read_length(rest, is_6 ? 128 : 32, prefix_length, why))
		return false;
	if (is_6 && address->version == 4) {
		if (*prefix_length < 96)
			return malformed(why, "prefix length of a v4-mapped address below 96");
		*prefix_length -= 96;
	}
	return check_host_bits(address, *prefix_length, why);
}

static bool take_network(struct span info, struct span text, struct pattern *pattern,
			 struct text *room, struct text *why)
{
	struct address address;
	unsigned prefix_length;
	bool is_exact, is_translated;
	char key[PREFIX_KEY];

	if (span_has(info, ':'))
		return malformed(why, "not an IPv6 address");
	if (!read_network(text, &address, &prefix_length, why))
		return false;
	is_exact = prefix_length == address_bits(&address);
	text_clear(room);
	text_add(room, info);
	text_add(room, (struct span){key, prefix_key(&address, prefix_length, key)});
	pattern->before = text_span(room);
	if (info.length) {
		if (!is_exact)
			pattern->flaw = "with @, only a whole address or host name can match";
		return true;
	}
	pattern->is_indexed = prefix_is_indexed(address.version, prefix_length);
	pattern->version = address.version;
	pattern->prefix_length = (uint8_t)prefix_length;
	is_translated = address_is_translated(&address);
	if (prefix_length == 0 || (is_translated && prefix_length <= ADDRESS_TRANSLATOR))
		pattern->reach = REACH_EVERYONE;
	else if (prefix_length < (address.version == 4 ? 8
				  : is_translated      ? ADDRESS_TRANSLATOR + 8
						       : 16))
		pattern->reach = REACH_WIDE;
	return true;
}

/* Whether it is an IPv4 address with something behind a slash that is no range: anything else with
 * a slash in it is what it always was, a key that nobody asks for. */
static bool is_network_of_4(struct span text)
{
	size_t slash = span_find(text, '/');
	struct address address;

	return slash < text.length && !span_has(text, '-') &&
	       address_read_span(span_head(text, slash), &address);
}

/* Four numbers and nothing unusual about them: what large files hold most. */
static bool is_plain(struct span text)
{
	const char *byte = text.bytes, *end = byte + text.length;

	for (unsigned octets = 1;; octets++) {
		const char *start = byte;
		unsigned digit, octet = 0;

		while (byte < end && (digit = (unsigned)(*byte - '0')) < 10) {
			octet = octet * 10 + digit;
			byte++;
		}
		if (byte == start || byte - start > 3 || octet > 255 ||
		    (*start == '0' && byte - start > 1))
			return false;
		if (octets == 4)
			return byte == end;
		if (byte == end || *byte++ != '.')
			return false;
	}
}

bool pattern_read(struct span address, struct pattern *pattern, struct text *room, struct text *why)
{
	size_t at = address.length;
	struct span info, text;

	*pattern = (struct pattern){.before = address};
	if (is_plain(address))
		return true;
	if (span_byte(address, 0) != '=')
		at = span_find_last(address, '@');
	info = at < address.length ? span_head(address, at + 1) : span_head(address, 0);
	text = span_tail(address, info.length);
	if (span_has(address, ':') || is_network_of_4(text))
		return take_network(info, text, pattern, room, why);
	if (span_has(address, '-') && !span_has(address, '=') && !span_has(address, '@'))
		return read_range(address, pattern, room, why);
	pattern->flaw = flaw_of(text, info.length > 0);
	if (address.length == 0 || span_equal(address, SPAN("=")))
		pattern->reach = REACH_EVERYONE;
	return true;
}

bool pattern_next_key(struct pattern *pattern, struct text *room, struct span *key)
{
	if (pattern->first > pattern->last)
		return false;
	if (!pattern->has_number) {
		*key = pattern->before;
		pattern->first = pattern->last + 1;
		return true;
	}
	text_clear(room);
	text_add(room, pattern->before);
	text_add_number(room, pattern->first++);
	text_add(room, pattern->behind);
	*key = text_span(room);
	return !room->failed;
}
