/*
 * page: text for a person at a terminal, 80 columns wide, whatever bytes it is about.
 *
 * Lines are broken at blanks only, so an address or a line to be copied stays whole. Bytes that are
 * not printable ASCII are written \xHH: nothing that a stranger chose can move the cursor.
 */
#ifndef BASE_PAGE_H
#define BASE_PAGE_H

#include <stdbool.h>

#include "base/span.h"
#include "base/text.h"

#define PAGE_COLUMNS 80

enum page_style { PAGE_PLAIN, PAGE_STRONG, PAGE_GOOD, PAGE_BAD };

struct page {
	struct text *out;
	bool has_colour;
};

/* Append bytes made fit to be shown. */
void page_add(struct text *out, struct span bytes);

/* Write a paragraph: first the lead, then the words, from column indent on in every
 * line. */
void page_write(const struct page *page, enum page_style style, const char *lead, size_t indent,
		struct span words);

/* Write one line as it is behind so many blanks: something to be copied, or a reply. */
void page_line(const struct page *page, enum page_style style, size_t indent, struct span line);

#endif
