#include "queue/status.h"

#include <string.h>

#include "queue/enhanced_code.h"

#define LONGEST_REASON 255 /* bytes of what a program says of itself */

struct meaning {
	int first, last; /* exit codes */
	enum verdict verdict;
	const char *enhanced_code;
	const char *text;
};

/* The first row that holds a code counts. */
static const struct meaning meanings[] = {
	{11, 11, VERDICT_NO, "5.1.3", "envelope address too long for qq (#5.1.3)"},
	{115, 115, VERDICT_NO, "5.1.3", "envelope address too long for qq (#5.1.3)"},
	{31, 31, VERDICT_NO, "5.3.0", "mail server permanently rejected message (#5.3.0)"},
	{11, 40, VERDICT_NO, "5.3.0", "qq permanent problem (#5.3.0)"},
	{51, 51, VERDICT_LATER, "4.3.0", "qq out of memory (#4.3.0)"},
	{52, 52, VERDICT_LATER, "4.3.0", "qq timeout (#4.3.0)"},
	{53, 53, VERDICT_LATER, "4.3.0", "qq write error or disk full (#4.3.0)"},
	{54, 54, VERDICT_LATER, "4.3.0", "qq read error (#4.3.0)"},
	{55, 55, VERDICT_LATER, "4.3.0", "qq unable to read configuration (#4.3.0)"},
	{56, 56, VERDICT_LATER, "4.3.0", "qq trouble making network connection (#4.3.0)"},
	{61, 61, VERDICT_LATER, "4.3.0", "qq trouble in home directory (#4.3.0)"},
	{62, 66, VERDICT_LATER, "4.3.0", "qq trouble creating files in queue (#4.3.0)"},
	{71, 71, VERDICT_LATER, "4.3.0", "mail server temporarily rejected message (#4.3.0)"},
	{72, 72, VERDICT_LATER, "4.4.1", "connection to mail server timed out (#4.4.1)"},
	{73, 73, VERDICT_LATER, "4.4.1", "connection to mail server rejected (#4.4.1)"},
	{74, 74, VERDICT_LATER, "4.4.2", "communication with mail server failed (#4.4.2)"},
	{81, 81, VERDICT_LATER, "4.3.0", "qq internal bug (#4.3.0)"},
	{91, 91, VERDICT_LATER, "4.3.0", "qq internal bug (#4.3.0)"},
	{120, 120, VERDICT_LATER, "4.3.0", "unable to exec qq (#4.3.0)"},
};
static const struct meaning crashed = {0, 0, VERDICT_LATER, "4.3.0", "qq crashed (#4.3.0)"};
static const struct meaning other = {0, 0, VERDICT_LATER, "4.3.0", "qq temporary problem (#4.3.0)"};

static const struct meaning *meaning_of(int code)
{
	for (size_t index = 0; index < sizeof(meanings) / sizeof(*meanings); index++)
		if (code >= meanings[index].first && code <= meanings[index].last)
			return &meanings[index];
	return &other;
}

/* Find "(#5.7.1)" at the end of a text, or "5.7.1" at its beginning; nothing when its class
 * contradicts the verdict. */
static void copy_enhanced_code(struct span text, enum verdict verdict, char enhanced_code[12])
{
	struct span code = enhanced_code_at_end(text);

	if (code.length == 0)
		code = enhanced_code_at_start(text);
	if (span_byte(code, 0) != (verdict == VERDICT_NO ? '5' : '4'))
		code.length = 0;
	if (code.length)
		memcpy(enhanced_code, code.bytes, code.length);
	enhanced_code[code.length] = '\0';
}

/* The first line of a program's own words without the blanks around it. */
static struct span first_line(struct span text)
{
	text = span_head(text, span_find(text, '\n'));
	text = span_head(text, span_find(text, '\r'));
	return span_trim_start(span_trim_end(text));
}

/* A program's own words. A text that begins with neither D nor Z is taken whole, as temporary: it
 * must not refuse mail for good by accident. */
static enum verdict read_text(struct span text, struct text *reason, char enhanced_code[12])
{
	enum verdict verdict = span_byte(text, 0) == 'D' ? VERDICT_NO : VERDICT_LATER;

	if (verdict == VERDICT_NO || span_byte(text, 0) == 'Z')
		text = first_line(span_tail(text, 1));
	text = span_head(text, LONGEST_REASON);
	text_add_printable(reason, text, (struct span){NULL, 0});
	copy_enhanced_code(text, verdict, enhanced_code);
	return verdict;
}

enum verdict queue_status_read(const struct queue_result *result, struct text *reason,
			       char enhanced_code[12])
{
	struct span text = first_line(result->text);
	const struct meaning *meaning;

	if (result->has_exited && (result->code == QUEUE_TEXT || result->code == QUEUE_TEXT_TOO) &&
	    text.length > 2)
		return read_text(text, reason, enhanced_code);
	if (!result->has_exited)
		meaning = &crashed;
	else if (result->code == QUEUE_OK && result->was_fed)
		return VERDICT_YES;
	else /* who did not read all of it cannot have taken it */
		meaning = meaning_of(result->code == QUEUE_OK ? QUEUE_READ_ERROR : result->code);
	text_add_string(reason, meaning->text);
	memcpy(enhanced_code, meaning->enhanced_code, strlen(meaning->enhanced_code) + 1);
	return meaning->verdict;
}
