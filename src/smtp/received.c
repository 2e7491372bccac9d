#include "smtp/received.h"

/* Most bytes of what others chose, so that no line passes the 998 of RFC 5322 section 2.1.1. */
#define LONGEST 240

static const struct span unsafe = {" ()<>\\\";,", 9};

struct date {
	int64_t year;
	unsigned month, day; /* from 1 */
};

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The days between the start of 1970 and that of a year. */
static int64_t days_before(int64_t year)
{
	int64_t past = year - 1;

	return 365 * (year - 1970) + past / 4 - past / 100 + past / 400 - 477;
}

static struct date date_of(int64_t days)
{
	static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct date date = {1970 + 400 * (days / 146097), 1, 1}; /* 400 years are 146097 days */

	date.year += days % 146097 / 366; /* or one later */
	if (days >= days_before(date.year + 1))
		date.year++;
	days -= days_before(date.year);
	for (;;) {
		int64_t length = lengths[date.month - 1] + (date.month == 2 && is_leap(date.year));

		if (days < length)
			break;
		days -= length;
		date.month++;
	}
	date.day += (unsigned)days;
	return date;
}

static void write_date(int64_t seconds, struct text *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t days = seconds / 86400, rest = seconds % 86400;
	struct date date = date_of(days);

	text_add_number(out, date.day);
	text_add_byte(out, ' ');
	text_add(out, (struct span){months + 3 * (date.month - 1), 3});
	text_add_byte(out, ' ');
	text_add_number(out, (uint64_t)date.year);
	text_add_byte(out, ' ');
	text_add_number_wide(out, (uint64_t)(rest / 3600), 2);
	text_add_byte(out, ':');
	text_add_number_wide(out, (uint64_t)(rest / 60 % 60), 2);
	text_add_byte(out, ':');
	text_add_number_wide(out, (uint64_t)(rest % 60), 2);
	text_add(out, SPAN(" -0000"));
}

static void add(struct text *out, struct span word)
{
	text_add_printable(out, span_head(word, LONGEST), unsafe);
}

void received_write(const struct received *fields, struct text *out)
{
	text_add(out, SPAN("Received: from "));
	add(out, fields->remote_host);
	if (fields->hello.length && !span_equal_folded(fields->hello, fields->remote_host)) {
		text_add(out, SPAN(" (HELO "));
		add(out, fields->hello);
		text_add_byte(out, ')');
	}
	text_add(out, SPAN(" ("));
	if (fields->has_remote_info) {
		add(out, fields->remote_info);
		text_add_byte(out, '@');
	}
	add(out, fields->remote_ip);
	text_add(out, SPAN(")\n  by "));
	add(out, fields->local_host);
	text_add(out, SPAN(" with "));
	text_add(out, fields->protocol);
	text_add(out, SPAN("; "));
	write_date(fields->seconds < 0 ? 0 : fields->seconds, out);
	text_add_byte(out, '\n');
}

bool received_is_utf8(struct span message)
{
	struct span line = span_tail(message, span_find(message, '\n') + 1);

	if (!span_starts(message, SPAN("Received: from ")) || !span_starts(line, SPAN("  by ")))
		return false;
	line = span_tail(line, sizeof("  by ") - 1);
	line = span_tail(line, span_find(line, ' '));
	return span_starts(line, SPAN(" with UTF8SMTP"));
}
