#include "queue/mailbox.h"

#include "base/printable.h"

static bool is_alphanumeric(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (unsigned char)byte >= 0x80;
}

static bool is_among(char byte, struct span bytes)
{
	return span_find(bytes, byte) < bytes.length;
}

/* A byte that a local part may have outside quotes (RFC 5321 section 4.1.2, RFC 6531 section 3.3);
 * dots are looked at by themselves. */
static bool is_plain(char byte)
{
	return is_alphanumeric(byte) || is_among(byte, SPAN("!#$%&'*+-/=?^_`{|}~"));
}

static bool needs_quotes(struct span local)
{
	if (local.length == 0)
		return false;
	for (size_t index = 0; index < local.length; index++) {
		char byte = printable_without_control(local.bytes[index]);
		bool is_inside = index > 0 && index + 1 < local.length;

		if (byte == '.' ? !is_inside || local.bytes[index - 1] == '.' : !is_plain(byte))
			return true;
	}
	return false;
}

static bool write_local(struct span local, bool is_quoted, struct text *text)
{
	const char *quote = is_quoted ? "\"" : "";
	bool is_exact = true;

	text_add_string(text, quote);
	for (size_t index = 0; index < local.length; index++) {
		char byte = printable_without_control(local.bytes[index]);

		is_exact = is_exact && byte == local.bytes[index];
		if (byte == '"' || byte == '\\')
			text_add_byte(text, '\\');
		text_add_byte(text, byte);
	}
	text_add_string(text, quote);
	return is_exact;
}

static bool write_address(struct span address, bool is_quoted, struct text *text)
{
	size_t at = span_find_last(address, '@');
	struct span domain = span_tail(address, at);
	bool is_exact = write_local(span_head(address, at), is_quoted, text);

	for (size_t index = 0; index < domain.length; index++) {
		char byte = printable_without_control(domain.bytes[index]);

		is_exact = is_exact &&
			   (index == 0 || is_alphanumeric(byte) || is_among(byte, SPAN(".-_[]:")));
		text_add_byte(text, is_among(byte, SPAN("<> ")) ? '?' : byte);
	}
	return is_exact && (at > 0 || address.length == 0);
}

static bool address_needs_quotes(struct span address)
{
	return needs_quotes(span_head(address, span_find_last(address, '@')));
}

bool mailbox_write(struct span address, struct text *text)
{
	return write_address(address, address_needs_quotes(address), text);
}

bool mailbox_write_argument(struct span address, struct text *text)
{
	return write_address(address, span_byte(address, 0) == '-' || address_needs_quotes(address),
			     text);
}
