#include "explain/decision.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/item.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/line_reader.h"

void decision_init(struct decision *decision, const char *cdb, const char *text,
		   const struct match_client *client)
{
	*decision = (struct decision){
		.cdb = cdb, .text = text, .client = *client, .verdict = VERDICT_NO};
	record_init(&decision->record);
	text_init(&decision->match.key, 2 * MATCH_LONGEST + 2);
	text_init(&decision->data, 1024 * 1024);
	text_init(&decision->warnings, 1024 * 1024);
}

void decision_free(struct decision *decision)
{
	cdb_file_close(&decision->file);
	if (decision->has_source)
		source_free(&decision->source);
	record_free(&decision->record);
	text_free(&decision->match.key);
	text_free(&decision->data);
	text_free(&decision->warnings);
}

static bool fail(struct text *why, const char *name, const char *reason)
{
	text_add_string(why, "unable to read ");
	text_add_string(why, name);
	text_add_string(why, ": ");
	text_add_string(why, reason);
	return false;
}

static void warn_of(struct decision *decision, const char *name, const char *text, uint64_t line)
{
	text_add_string(&decision->warnings, name);
	text_add_string(&decision->warnings, text);
	if (line)
		text_add_number(&decision->warnings, line);
	text_add_byte(&decision->warnings, '\n');
}

/* --- the text --- */

/* A walk along the database, which holds its records in the order of the text. */
struct walk {
	struct cdb_file file;
	unsigned position;
};

static enum verdict next_compiled(void *world, struct span *key, struct span *data)
{
	struct walk *walk = world;

	return cdb_file_next(&walk->file, &walk->position, key, data);
}

/* What cannot be compiled is not in force, and says nothing about a database. */
static bool take_line(struct decision *decision, struct span line, uint64_t number,
		      struct text *why)
{
	size_t before = why->length;

	text_add_string(why, decision->text);
	text_add_byte(why, ':');
	text_add_number(why, number);
	text_add_string(why, ": ");
	if (source_take(&decision->source, line, number, why) == RULE_MALFORMED) {
		if (!decision->cdb)
			return false;
		if (decision->source.compiled)
			warn_of(decision, decision->text,
				" cannot be compiled, so what it says is not in force: see line ",
				number);
		decision->source.compiled = NULL;
	}
	text_cut(why, before);
	return true;
}

static bool take_lines(struct decision *decision, int descriptor, struct text *why)
{
	struct line_reader reader;
	struct span line;
	bool is_good = true;
	int result;

	if (line_reader_init(&reader, descriptor, RULE_LONGEST_LINE) == -1)
		return fail(why, decision->text, strerror(errno));
	while (is_good && (result = line_reader_next(&reader, &line)) == 1)
		is_good = take_line(decision, line, reader.number, why);
	if (is_good && result == -1)
		is_good = fail(why, decision->text, strerror(errno));
	line_reader_free(&reader);
	return is_good;
}

static void compare(struct decision *decision, const struct stat *text, const struct stat *compiled)
{
	const struct source *source = &decision->source;

	if (source->state == VERDICT_LATER)
		warn_of(decision, decision->cdb,
			" is damaged, so it was not compared with the rules' text", 0);
	else if (source->differs && source->first_different)
		warn_of(decision, decision->cdb,
			" is not what the rules' text compiles to; they differ from line ",
			source->first_different);
	else if (source->index_differs)
		warn_of(decision, decision->cdb,
			" is not what the rules' text compiles to: an older tcprules made it, "
			"to which networks such as 192.0.2.0/25 mean nothing",
			0);
	else if (source->differs)
		warn_of(decision, decision->cdb,
			" is not what the rules' text compiles to: it holds more", 0);
	decision->is_same = !source->differs && source->state != VERDICT_LATER;
	decision->is_older = decision->is_same && file_is_newer(text, compiled);
	if (decision->is_older)
		warn_of(decision, decision->cdb,
			" is older than the rules' text, though both say the same", 0);
}

static bool read_text(struct decision *decision, struct text *why)
{
	struct walk walk = {.position = CDB_FILE_FIRST_RECORD};
	struct source_compiled compiled = {&walk, next_compiled};
	int descriptor = open(decision->text, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	bool is_good = false, has_cdb;

	if (descriptor == -1 || fstat(descriptor, &status) == -1) {
		fail(why, decision->text, strerror(errno));
		if (descriptor != -1)
			close(descriptor);
		return false;
	}
	has_cdb = decision->cdb && cdb_file_open(&walk.file, decision->cdb) == 0;
	decision->has_source = true;
	if (!source_init(&decision->source, &decision->client, has_cdb ? &compiled : NULL)) {
		fail(why, decision->text, "out of memory, or the client's names are too long");
	} else if (take_lines(decision, descriptor, why)) {
		source_finish(&decision->source);
		if (decision->source.compiled)
			compare(decision, &status, &walk.file.status);
		is_good = true;
	}
	decision->source.compiled = NULL;
	cdb_file_close(&walk.file);
	close(descriptor);
	return is_good;
}

/* --- the decision --- */

static enum verdict find_rule(void *world, const struct lookup *lookup)
{
	struct decision *decision = world;
	struct recording recording = {&decision->record, "rules", *lookup};
	struct lookup watched = record_lookup(&recording);
	enum verdict verdict;

	record_clear(&decision->record);
	text_clear(&decision->data);
	verdict = match_find(&watched, &decision->client, &decision->match);
	if (verdict == VERDICT_YES)
		text_add(&decision->data, decision->match.data);
	return decision->data.failed || decision->record.failed ? VERDICT_LATER : verdict;
}

/* A rule about names is only asked where somebody looks them up. */
static void warn_of_names(struct decision *decision)
{
	struct span key = text_span(&decision->match.key);

	if (span_find(key, '@') < key.length)
		warn_of(decision, "this rule",
			" speaks of an ident answer: tcpserver asks for it with -r", 0);
	if (span_find(key, '=') < key.length)
		warn_of(decision, "this rule",
			" speaks of a name: tcpserver asks for it with -h, and only -p makes sure "
			"that the name is not made up",
			0);
}

static bool ask(struct decision *decision, struct text *why)
{
	struct lookup lookup = source_lookup(&decision->source);

	errno = EBADMSG;
	if (decision->cdb)
		decision->verdict =
			cdb_file_ask(&decision->file, decision->cdb, find_rule, decision);
	else if (decision->text)
		decision->verdict = find_rule(decision, &lookup);
	if (decision->verdict != VERDICT_LATER)
		return true;
	return fail(why, decision->cdb ? decision->cdb : decision->text,
		    errno == EBADMSG ? "it is damaged, or the client's names are too long"
				     : cdb_file_reason(errno));
}

/* A line that gives something else is not the rule that matched, though it has its address. */
static void find_line(struct decision *decision)
{
	struct lookup lookup = source_lookup(&decision->source);
	struct span key = text_span(&decision->match.key), data;

	if (lookup.find(lookup.world, key, &data) == VERDICT_YES &&
	    span_equal(data, text_span(&decision->data)))
		decision->number = source_line(&decision->source, key, &decision->line);
}

bool decision_make(struct decision *decision, struct text *why)
{
	if ((decision->text && !read_text(decision, why)) || !ask(decision, why))
		return false;
	if (decision->verdict != VERDICT_YES)
		return true;
	decision->is_denied = item_denies(text_span(&decision->data));
	warn_of_names(decision);
	if (decision->has_source)
		find_line(decision);
	return true;
}

static void set_or_unset(const char *name, const char *value)
{
	if (value)
		environment_set(name, value);
	else
		environment_unset(name);
}

void decision_set_environment(const struct decision *decision)
{
	environment_set("TCPREMOTEIP", decision->client.ip);
	set_or_unset("TCPREMOTEHOST", decision->client.host);
	set_or_unset("TCPREMOTEINFO", decision->client.info);
	environment_unset("TCPRULE");
	if (decision->verdict != VERDICT_YES)
		return;
	environment_set("TCPRULE", text_string(&decision->match.key));
	environment_set_items(text_span(&decision->data));
}
