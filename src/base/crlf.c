#include "base/crlf.h"

#include <string.h>

static size_t copy(struct span bytes, char *output)
{
	if (bytes.length)
		memcpy(output, bytes.bytes, bytes.length);
	return bytes.length;
}

/* Add CRs: whole runs up to the next LF are copied at once. */
static size_t add(struct crlf *crlf, struct span bytes, char *output)
{
	size_t length = 0;

	while (bytes.length) {
		size_t run = span_find(bytes, '\n');
		bool has_cr = run ? bytes.bytes[run - 1] == '\r' : crlf->is_after_cr;

		length += copy(span_head(bytes, run), output + length);
		crlf->is_after_cr = has_cr;
		if (run == bytes.length)
			break;
		if (crlf->change == CRLF_ADD || !has_cr)
			output[length++] = '\r';
		output[length++] = '\n';
		crlf->is_after_cr = false;
		bytes = span_tail(bytes, run + 1);
	}
	return length;
}

/* Remove CRs: each waits until the byte behind it tells what it was. */
static size_t take_away(struct crlf *crlf, struct span bytes, char *output)
{
	size_t length = 0;

	while (bytes.length) {
		size_t run;

		if (crlf->is_after_cr && bytes.bytes[0] != '\n')
			output[length++] = '\r';
		run = span_find(bytes, '\r');
		length += copy(span_head(bytes, run), output + length);
		crlf->is_after_cr = run < bytes.length;
		bytes = span_tail(bytes, run + 1);
	}
	return length;
}

size_t crlf_convert(struct crlf *crlf, struct span bytes, char *output)
{
	return crlf->change == CRLF_REMOVE ? take_away(crlf, bytes, output)
					   : add(crlf, bytes, output);
}

size_t crlf_finish(struct crlf *crlf, char *output)
{
	bool holds_cr = crlf->change == CRLF_REMOVE && crlf->is_after_cr;

	if (holds_cr)
		output[0] = '\r';
	crlf->is_after_cr = false;
	return holds_cr;
}
