#include "unix/control.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/number.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/home.h"

#define LONGEST_LINE   8192  /* bytes of a file that is one value */
#define LONGEST_NUMBER 255   /* bytes of one that is a number */
#define READ_SIZE      16384 /* more room than a file needs: see control_read_secret */
#define LONGEST_PATH   4096

void control_path(const char *name, struct text *path)
{
	const char *directory = environment_get("CONTROLDIR");

	if (directory && *directory) {
		text_add_string(path, directory);
	} else {
		text_add_string(path, home_directory);
		text_add_string(path, "/control");
	}
	text_add_byte(path, '/');
	text_add_string(path, name);
}

static enum verdict trouble(struct text *why, const char *path, const char *reason)
{
	text_add_string(why, "unable to read ");
	text_add_string(why, path);
	text_add_string(why, ": ");
	text_add_string(why, reason);
	return VERDICT_LATER;
}

enum wanted { WHOLE, FIRST_LINE, SECRET };

/* Make room for all of the file and to see its end, or for more: what is secret is not to be moved
 * if the file grows. */
static bool make_room(const struct stat *status, enum wanted wanted, struct text *contents)
{
	size_t size = (size_t)status->st_size + (wanted == SECRET ? READ_SIZE : 1);
	size_t most = contents->maximum - contents->length;

	return text_reserve(contents, size < most ? size : most);
}

/* A file that is overwritten between two reads would be half an old list and half a new one. One
 * that another takes the name of is whole, and its change time is not looked at. */
static const char *read_whole(int descriptor, enum wanted wanted, struct text *contents)
{
	size_t start = contents->length;
	struct stat before, after;

	if (fstat(descriptor, &before) == -1)
		return strerror(errno);
	if (wanted == SECRET && before.st_mode & S_IRWXO)
		return "it holds passwords, and others have rights to it: take them with chmod o=";
	if (before.st_size > CONTROL_LARGEST)
		return strerror(EFBIG);
	if (!make_room(&before, wanted, contents))
		return strerror(ENOMEM);
	if (file_read_all(descriptor, contents) == -1 || fstat(descriptor, &after) == -1)
		return strerror(errno);
	return S_ISREG(after.st_mode) && ((uintmax_t)after.st_size != contents->length - start ||
					  !file_is_unchanged(&before, &after))
		       ? "it was changed while it was read"
		       : NULL;
}

/* What is behind the first line of a file that is one value does not count, however long it is. */
static const char *read_first_line(int descriptor, struct text *contents)
{
	if (file_read_all(descriptor, contents) == 0 ||
	    (errno == EFBIG && span_find(text_span(contents), '\n') < contents->length))
		return NULL;
	return strerror(errno);
}

static enum verdict read_file(const char *name, enum wanted wanted, struct text *contents,
			      struct text *why)
{
	const char *reason = NULL;
	enum verdict verdict = VERDICT_YES;
	char room[LONGEST_PATH + 1];
	struct text path;
	int descriptor;

	text_init_in(&path, room, sizeof(room));
	control_path(name, &path);
	descriptor = path.failed ? -1 : file_open(text_string(&path));
	if (path.failed)
		verdict = trouble(why, name, "the path is too long");
	else if (descriptor == -1 && errno == ENOENT)
		verdict = VERDICT_NO;
	else if (descriptor == -1)
		reason = strerror(errno);
	else if (wanted == FIRST_LINE)
		reason = read_first_line(descriptor, contents);
	else
		reason = read_whole(descriptor, wanted, contents);
	if (reason)
		verdict = trouble(why, text_string(&path), reason);
	if (descriptor != -1)
		close(descriptor);
	return verdict;
}

enum verdict control_read(const char *name, struct text *contents, struct text *why)
{
	return read_file(name, WHOLE, contents, why);
}

enum verdict control_read_secret(const char *name, struct text *contents, struct text *why)
{
	return read_file(name, SECRET, contents, why);
}

enum verdict control_line(const char *name, struct text *line, struct text *why)
{
	char room[LONGEST_LINE + 1]; /* a session looks for a dozen such files before it greets */
	struct text contents;
	struct span rest, first = {NULL, 0};
	enum verdict verdict;

	text_init_in(&contents, room, sizeof(room));
	verdict = read_file(name, FIRST_LINE, &contents, why);
	rest = text_span(&contents);
	if (verdict == VERDICT_YES) {
		span_next_line(&rest, &first);
		first = span_trim_end(first);
		if (span_find(first, '\0') < first.length)
			verdict = trouble(why, name, "there is a NUL in its first line");
		else if (span_has_control(first))
			verdict = trouble(why, name,
					  "there is a control character in its first line");
		else
			text_add(line, first);
		if (line->failed)
			verdict = trouble(why, name, "its first line is too long");
	}
	return verdict;
}

/* A negative number has always meant none. */
static bool read_number(struct span line, uint64_t maximum, uint64_t *number)
{
	struct span digits = span_tail(line, 1);

	if (span_byte(line, 0) != '-')
		return number_read_span(line, maximum, number);
	for (size_t index = 0; index < digits.length; index++)
		if (digits.bytes[index] < '0' || digits.bytes[index] > '9')
			return false;
	*number = 0;
	return digits.length > 0;
}

bool control_number_of(const char *name, struct span value, uint64_t maximum, uint64_t *number,
		       struct text *why)
{
	if (read_number(value.length ? value : SPAN("0"), maximum, number))
		return true;
	text_add_string(why, name);
	text_add_string(why, ": not a number from 0 to ");
	text_add_number(why, maximum);
	text_add_string(why, ": ");
	text_add(why, value);
	return false;
}

bool control_number(const char *name, const char *variable, uint64_t maximum, uint64_t *number,
		    struct text *why)
{
	const char *value = variable ? environment_get(variable) : NULL;
	char room[LONGEST_NUMBER + 1];
	struct text line;

	if (value)
		return control_number_of(variable, span_of(value), maximum, number, why);
	text_init_in(&line, room, sizeof(room));
	if (control_line(name, &line, why) == VERDICT_LATER)
		return false;
	return line.length == 0 || control_number_of(name, text_span(&line), maximum, number, why);
}

bool control_next(struct span *rest, struct span *entry, unsigned *number)
{
	struct span line;

	while (span_next_line(rest, &line)) {
		if (number)
			++*number;
		*entry = span_trim_end(line);
		if (entry->length && entry->bytes[0] != '#')
			return true;
	}
	return false;
}
