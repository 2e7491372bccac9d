/*
 * tcprules: compile rules about clients into a constant database.
 *
 *     tcprules [-n] [-s] cdb tmp < rules
 *     tcprules -n [-s] < rules
 *     tcprules --dump cdb
 *     tcprules --diff [-s] cdb < rules
 *
 * Writes tmp and renames it to cdb when it is whole, so that cdb always is. -n only checks, -s
 * takes warnings for errors. --dump writes rules that compile to the cdb. --diff tells for whom the
 * rules would decide otherwise than the cdb; exit 1: for some. Exit 100: a malformed rule or wrong
 * usage. Exit 111: rules that cannot be read or a file that cannot be written. Either way cdb stays
 * as it was, unless it cannot be told whether the new one will outlast a crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "explain/rules_diff.h"
#include "rules/decompile.h"
#include "rules/prefix.h"
#include "rules/rule.h"
#include "unix/cdb_file.h"
#include "unix/cdb_writer.h"
#include "unix/file.h"
#include "unix/line_reader.h"
#include "unix/options.h"
#include "unix/report.h"
#include "unix/temporary.h"

#define USAGE                                                            \
	"[-n] [-s] cdb tmp, or tcprules -n [-s], or tcprules --dump cdb" \
	", or tcprules --diff [-s] cdb"

#define LARGEST_OUTPUT (1024 * 1024 * 1024) /* bytes */
#define OUTPUT_BLOCK   (64 * 1024)

static const struct options_word words[] = {
	{"dump", 'u'},
	{"diff", 'd'},
	{NULL, 0},
};

struct compiler {
	const char *path, *temporary; /* NULL when cdb is to stay as it is */
	bool is_strict, is_diff;
	struct cdb_writer *writer;
	struct line_reader reader;
	struct rule rule;
	struct prefix_lengths lengths; /* that readers must know of */
};

/* Whoever dies removes the temporary file first. */
static _Noreturn void die_unwritable(struct compiler *compiler)
{
	cdb_writer_free(compiler->writer);
	if (compiler->is_diff)
		die_errno(EXIT_TEMPORARY, "unable to write to a file in %s, or to memory",
			  temporary_directory());
	die_errno(EXIT_TEMPORARY, "unable to write %s",
		  compiler->temporary ? compiler->temporary : "to memory");
}

static _Noreturn void die_malformed(struct compiler *compiler, uint64_t number, const char *reason,
				    struct span text)
{
	cdb_writer_free(compiler->writer);
	die(EXIT_PERMANENT, "line %llu: %s: %.*s", (unsigned long long)number, reason,
	    (int)text.length, text.bytes);
}

static void complain(struct compiler *compiler, uint64_t number, const char *reason,
		     struct span text)
{
	if (compiler->is_strict)
		die_malformed(compiler, number, reason, text);
	warn("line %llu: %s: %.*s", (unsigned long long)number, reason, (int)text.length,
	     text.bytes);
}

/* The shell has opened the text already: whoever wrote its name for cdb or tmp would lose it. */
static void refuse_text(const char *path)
{
	struct stat text, named;

	if (fstat(0, &text) == 0 && S_ISREG(text.st_mode) && lstat(path, &named) == 0 &&
	    file_is_same(&text, &named))
		die(EXIT_PERMANENT, "unable to use %s: it is the text of the rules", path);
}

static void start(struct compiler *compiler)
{
	const char *temporary = compiler->temporary;

	if (temporary) {
		refuse_text(temporary);
		refuse_text(compiler->path);
	}
	if (temporary)
		compiler->writer = cdb_writer_new(compiler->path, temporary);
	else
		compiler->writer =
			compiler->is_diff ? cdb_writer_new_unnamed() : cdb_writer_new_keys();
	if (!compiler->writer && temporary && errno == EEXIST)
		die(EXIT_PERMANENT,
		    "unable to use %s: it is the cdb itself, has another name, or is no plain file",
		    temporary);
	if (!compiler->writer && temporary && errno == EWOULDBLOCK)
		die(EXIT_TEMPORARY, "unable to use %s: another process is writing it", temporary);
	if (!compiler->writer)
		die_errno(EXIT_TEMPORARY, "unable to create %s",
			  temporary ? temporary : "a file in memory");
	if (line_reader_init(&compiler->reader, 0, RULE_LONGEST_LINE) == -1 ||
	    !rule_init(&compiler->rule)) {
		errno = ENOMEM;
		die_unwritable(compiler);
	}
}

static void add(struct compiler *compiler, struct span key, struct span data, uint64_t number)
{
	if (cdb_writer_add(compiler->writer, key, data,
			   number < UINT32_MAX ? (uint32_t)number : UINT32_MAX) == -1)
		die_unwritable(compiler);
}

static void compile_line(struct compiler *compiler, struct span line, struct text *why)
{
	struct rule *rule = &compiler->rule;
	uint64_t number = compiler->reader.number;
	enum rule_kind kind = rule_read(rule, line, why);
	struct span key, text = span_trim_end(line);

	if (kind == RULE_MALFORMED)
		die_malformed(compiler, number, text_string(why), text);
	for (size_t index = 0; index < rule->warning_count; index++)
		complain(compiler, number, rule->warnings[index], text);
	if (kind == RULE_NONE)
		return;
	while (rule_next_key(rule, &key))
		add(compiler, key, text_span(&rule->data), number);
	if (rule->pattern.is_indexed)
		prefix_lengths_add(&compiler->lengths, rule->pattern.version,
				   rule->pattern.prefix_length);
}

static void add_index(struct compiler *compiler)
{
	struct text index;

	text_init(&index, 1000);
	prefix_lengths_write(&compiler->lengths, &index);
	if (index.failed) {
		errno = ENOMEM;
		die_unwritable(compiler);
	}
	if (index.length)
		add(compiler, SPAN(PREFIX_INDEX_KEY), text_span(&index), 0);
	text_free(&index);
}

static void compile(struct compiler *compiler)
{
	struct text why;
	struct span line;
	int result;

	text_init(&why, 1000);
	while ((result = line_reader_next(&compiler->reader, &line)) == 1)
		compile_line(compiler, line, &why);
	if (result == -1 && errno == EMSGSIZE)
		die_malformed(compiler, compiler->reader.number, "more than 65536 bytes",
			      span_head(line, 100));
	if (result == -1) {
		cdb_writer_free(compiler->writer);
		if (errno == EBUSY)
			die(EXIT_TEMPORARY, "the rules were changed while they were read");
		die_errno(EXIT_TEMPORARY, "unable to read the rules");
	}
	add_index(compiler);
	if (cdb_writer_finish(compiler->writer) == -1)
		die_unwritable(compiler);
	text_free(&why);
}

static void complain_of_duplicates(struct compiler *compiler)
{
	size_t count = cdb_writer_duplicates(compiler->writer);
	struct text key, reason;

	text_init(&key, RULE_LONGEST_LINE + PATTERN_EXTRA);
	text_init(&reason, 100);
	for (size_t index = 0; index < count; index++) {
		struct cdb_duplicate duplicate;

		text_clear(&key);
		text_clear(&reason);
		if (cdb_writer_duplicate(compiler->writer, index, &duplicate, &key) == -1)
			die_unwritable(compiler);
		text_add_string(&reason, "duplicate address, and the rule in line ");
		text_add_number(&reason, duplicate.first);
		text_add_string(&reason, " holds");
		complain(compiler, duplicate.number, text_string(&reason), text_span(&key));
	}
	text_free(&key);
	text_free(&reason);
}

static void replace(struct compiler *compiler)
{
	if (!compiler->temporary)
		return;
	if (cdb_writer_replace(compiler->writer) == -1) {
		cdb_writer_free(compiler->writer);
		die_errno(EXIT_TEMPORARY, "unable to move %s to %s", compiler->temporary,
			  compiler->path);
	}
	/* A directory in which one may rename but not read cannot be told to be durable. */
	if (file_sync_directory_of(compiler->path) == -1 && errno != EACCES)
		die_errno(EXIT_TEMPORARY, "unable to make the new %s durable", compiler->path);
}

/* --- other uses --- */

static void write_out(struct text *out, size_t least)
{
	if (out->failed) {
		errno = ENOMEM;
		die_errno(EXIT_TEMPORARY, "unable to tell the rules");
	}
	if (out->length < least)
		return;
	if (file_write(1, text_span(out)) == -1)
		die_errno(EXIT_TEMPORARY, "unable to write to standard output");
	text_clear(out);
}

static _Noreturn void die_unreadable(const char *path)
{
	if (errno == EPROTO)
		die(EXIT_TEMPORARY, "unable to read %s: it is no cdb, or damaged", path);
	die_errno(EXIT_TEMPORARY, "unable to read %s", path);
}

/* What the index of prefix lengths says, if there is one. */
static void read_index(struct cdb_file *file, const char *path, struct prefix_lengths *indexed)
{
	struct span index;
	enum verdict verdict = cdb_file_find(file, SPAN(PREFIX_INDEX_KEY), &index);

	*indexed = (struct prefix_lengths){.has_4 = {false}};
	if (verdict == VERDICT_YES && !prefix_lengths_read(index, indexed)) {
		verdict = VERDICT_LATER;
		errno = EPROTO;
	}
	if (verdict == VERDICT_LATER)
		die_unreadable(path);
}

/* Returns the exit code. */
static int dump_records(struct cdb_file *file, const char *path, struct rule *reader)
{
	unsigned position = CDB_FILE_FIRST_RECORD;
	struct prefix_lengths indexed, dumped = {.has_4 = {false}};
	struct span key, data;
	const struct pattern *pattern = &reader->pattern;
	struct text out;
	enum verdict verdict;
	int code = 0;

	read_index(file, path, &indexed);
	text_init(&out, LARGEST_OUTPUT);
	while ((verdict = cdb_file_next(file, &position, &key, &data)) == VERDICT_YES) {
		if (span_equal(key, SPAN(PREFIX_INDEX_KEY)))
			continue;
		if (!decompile(reader, &indexed, key, data, &out)) {
			warn("no rule compiles to the record %.*s", (int)key.length, key.bytes);
			code = EXIT_PERMANENT;
		} else if (pattern->is_indexed) {
			prefix_lengths_add(&dumped, pattern->version, pattern->prefix_length);
		}
		write_out(&out, OUTPUT_BLOCK);
	}
	if (verdict == VERDICT_LATER)
		die_unreadable(path);
	write_out(&out, 0);
	text_free(&out);
	if (code == 0 && memcmp(&indexed, &dumped, sizeof(indexed)) != 0) {
		warn("no rules compile to the index of prefix lengths");
		code = EXIT_PERMANENT;
	}
	return code;
}

static int dump(const char *path)
{
	struct cdb_file file;
	struct rule reader;
	int code;

	if (cdb_file_open(&file, path) == -1)
		die_unreadable(path);
	if (!rule_init(&reader))
		die(EXIT_TEMPORARY, "out of memory");
	code = dump_records(&file, path, &reader);
	rule_free(&reader);
	cdb_file_close(&file);
	return code;
}

/* Returns the exit code. */
static int tell_difference(struct compiler *compiler, const char *path)
{
	struct cdb_file old, new;
	char name[40];
	struct text out;
	enum verdict verdict;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", cdb_writer_descriptor(compiler->writer));
	if (cdb_file_open(&old, path) == -1)
		die_unreadable(path);
	if (cdb_file_open(&new, name) == -1)
		die_unreadable("the compiled rules");
	text_init(&out, LARGEST_OUTPUT);
	verdict = rules_diff(&old, &new, &out);
	if (verdict == VERDICT_LATER)
		die_unreadable(path);
	write_out(&out, 0);
	text_free(&out);
	cdb_file_close(&old);
	cdb_file_close(&new);
	return verdict == VERDICT_YES ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct compiler compiler = {.path = NULL};
	bool is_trial = false, is_dump = false, has_input = fcntl(0, F_GETFD) != -1;
	int letter, code = 0;

	report_begin("tcprules");
	while ((letter = options_next_word(argc, argv, "ns", words, USAGE)) != -1) {
		switch (letter) {
		case 'n': is_trial = true; break;
		case 's': compiler.is_strict = true; break;
		case 'u': is_dump = true; break;
		case 'd': compiler.is_diff = true; break;
		}
	}
	signal(SIGPIPE, SIG_IGN); /* who reads what is said may go away */
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to be told of */
	if ((is_dump || compiler.is_diff) &&
	    (argc - optind != 1 || is_trial || (is_dump && compiler.is_diff)))
		die_usage(USAGE, "cdb, and nothing else, is required");
	if (is_dump)
		return dump(argv[optind]);
	if (!compiler.is_diff && argc - optind != 2 && !(is_trial && argc == optind))
		die_usage(USAGE, "cdb and tmp are required");
	if (!is_trial && !compiler.is_diff) {
		compiler.path = argv[optind];
		compiler.temporary = argv[optind + 1];
	}
	if (!has_input) { /* report_begin has put /dev/null there, which is no rules at all */
		errno = EBADF;
		die_errno(EXIT_TEMPORARY, "unable to read the rules");
	}
	start(&compiler);
	compile(&compiler);
	complain_of_duplicates(&compiler);
	if (compiler.is_diff)
		code = tell_difference(&compiler, argv[optind]);
	replace(&compiler);
	cdb_writer_free(compiler.writer);
	line_reader_free(&compiler.reader);
	rule_free(&compiler.rule);
	return code;
}
