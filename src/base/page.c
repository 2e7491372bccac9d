#include "base/page.h"

static const char *const styles[] = {
	[PAGE_PLAIN] = "",
	[PAGE_STRONG] = "\033[1m",
	[PAGE_GOOD] = "\033[32m",
	[PAGE_BAD] = "\033[31m",
};

void page_add(struct text *out, struct span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t index = 0; index < bytes.length; index++) {
		int byte = span_byte(bytes, index);

		if (byte >= ' ' && byte <= '~') {
			text_add_byte(out, (char)byte);
			continue;
		}
		text_add_string(out, "\\x");
		text_add_byte(out, digits[byte >> 4]);
		text_add_byte(out, digits[byte & 15]);
	}
}

static void begin(const struct page *page, enum page_style style)
{
	if (page->has_colour)
		text_add_string(page->out, styles[style]);
}

static void end(const struct page *page, enum page_style style)
{
	if (page->has_colour && *styles[style])
		text_add_string(page->out, "\033[0m");
	text_add_byte(page->out, '\n');
}

static void add_blanks(struct text *out, size_t count)
{
	while (count-- > 0)
		text_add_byte(out, ' ');
}

/* Columns that the bytes take when they are shown. */
static size_t width(struct span bytes)
{
	size_t columns = 0;

	for (size_t index = 0; index < bytes.length; index++)
		columns += bytes.bytes[index] >= ' ' && bytes.bytes[index] <= '~' ? 1 : 4;
	return columns;
}

void page_write(const struct page *page, enum page_style style, const char *lead, size_t indent,
		struct span words)
{
	size_t column = span_of(lead).length;

	begin(page, style);
	text_add_string(page->out, lead);
	if (column >= indent)
		indent = column + 1;
	add_blanks(page->out, indent - column);
	column = indent;
	while (words.length) {
		struct span word = span_head(words, span_find(words, ' '));

		if (column > indent && column + 1 + width(word) > PAGE_COLUMNS) {
			text_add_byte(page->out, '\n');
			add_blanks(page->out, indent);
			column = indent;
		} else if (column > indent) {
			text_add_byte(page->out, ' ');
			column++;
		}
		page_add(page->out, word);
		column += width(word);
		words = span_tail(words, word.length + 1);
	}
	end(page, style);
}

void page_line(const struct page *page, enum page_style style, size_t indent, struct span line)
{
	begin(page, style);
	add_blanks(page->out, indent);
	page_add(page->out, line);
	end(page, style);
}
