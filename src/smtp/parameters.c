#include "smtp/parameters.h"

#include "base/number.h"

/* RFC 1870 section 3: up to twenty digits. Whatever they say, it is a size. */
static bool read_size(struct span value, uint64_t *size)
{
	if (value.length == 0 || value.length > 20)
		return false;
	for (size_t index = 0; index < value.length; index++)
		if (value.bytes[index] < '0' || value.bytes[index] > '9')
			return false;
	if (!number_read_span(value, UINT64_MAX, size))
		*size = UINT64_MAX;
	return true;
}

/* Note one parameter of MAIL. */
static enum smtp_reply read_parameter(struct span name, struct span value, bool has_value,
				      struct mail_parameters *parameters)
{
	bool *has, is_good;

	if (span_equal_folded(name, SPAN("size"))) {
		has = &parameters->has_size;
		is_good = read_size(value, &parameters->size);
	} else if (span_equal_folded(name, SPAN("body"))) {
		has = &parameters->has_body;
		is_good = span_equal_folded(value, SPAN("7bit")) ||
			  span_equal_folded(value, SPAN("8bitmime"));
	} else if (span_equal_folded(name, SPAN("auth"))) {
		has = &parameters->has_auth; /* RFC 4954 section 5: ignored from a stranger */
		is_good = value.length > 0;
	} else if (span_equal_folded(name, SPAN("smtputf8"))) {
		has = &parameters->has_utf8;
		is_good = !has_value;
	} else {
		return REPLY_UNKNOWN_PARAMETER;
	}
	if (*has || !is_good)
		return REPLY_BAD_PARAMETER;
	*has = true;
	return REPLY_NONE;
}

enum smtp_reply parameters_read(struct span rest, struct mail_parameters *parameters)
{
	*parameters = (struct mail_parameters){.size = 0};
	for (;;) {
		struct span word, name;
		enum smtp_reply reply;
		size_t equals;

		rest = span_trim_start(rest);
		if (rest.length == 0)
			return REPLY_NONE;
		word = span_head(rest, span_find(rest, ' '));
		rest = span_tail(rest, word.length);
		equals = span_find(word, '=');
		name = span_head(word, equals);
		reply = read_parameter(name, span_tail(word, equals + 1), equals < word.length,
				       parameters);
		if (reply != REPLY_NONE)
			return reply;
	}
}
