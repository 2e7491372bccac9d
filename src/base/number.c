#include "base/number.h"

bool number_read_span(struct span digits, uint64_t maximum, uint64_t *number)
{
	uint64_t value = 0;

	if (digits.length == 0)
		return false;
	for (size_t index = 0; index < digits.length; index++) {
		int byte = span_byte(digits, index);
		uint64_t digit = (uint64_t)(byte - '0');

		if (byte < '0' || byte > '9' || digit > maximum || value > (maximum - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

bool number_read(const char *string, uint32_t minimum, uint32_t maximum, uint32_t *number)
{
	uint64_t value;

	if (!number_read_span(span_of(string), maximum, &value) || value < minimum)
		return false;
	*number = (uint32_t)value;
	return true;
}
