/*
 * controlcdb: compile a list of the control directory to the database that is asked in its place.
 *
 *     controlcdb name
 *
 * Name is morercpthosts, recipients, smtproutes or users. Writes name.tmp and renames it to
 * name.cdb when it is whole, so that name.cdb always is. Exit 100: a malformed line or wrong usage.
 * Exit 111: a list that cannot be read or a file that cannot be written. Either way name.cdb stays
 * as it was, unless it cannot be told whether the new one will outlast a crash.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/control_list.h"
#include "unix/cdb_writer.h"
#include "unix/control.h"
#include "unix/file.h"
#include "unix/line_reader.h"
#include "unix/options.h"
#include "unix/report.h"

#define USAGE "morercpthosts | recipients | smtproutes | users"

#define LONGEST_PATH 4096 /* bytes */

struct compiler {
	const struct control_list *list;
	struct text source, temporary, target; /* paths */
	int descriptor;			       /* of the source */
	struct cdb_writer *writer;
	struct line_reader reader;
};

/* Whoever dies removes the temporary file first. */
static _Noreturn void die_unwritable(struct compiler *compiler)
{
	cdb_writer_free(compiler->writer);
	die_errno(EXIT_TEMPORARY, "unable to write %s", text_string(&compiler->temporary));
}

static _Noreturn void die_malformed(struct compiler *compiler, uint64_t line, const char *why)
{
	cdb_writer_free(compiler->writer);
	die(EXIT_PERMANENT, "%s: line %llu: %s", text_string(&compiler->source),
	    (unsigned long long)line, why);
}

static void name_file(const char *name, const char *ending, struct text *path)
{
	text_init(path, LONGEST_PATH);
	if (!text_reserve(path, LONGEST_PATH))
		die(EXIT_TEMPORARY, "out of memory");
	control_path(name, path);
	text_add_string(path, ending);
	if (path->failed)
		die(EXIT_PERMANENT, "the name of the control directory is too long");
}

/* Everybody may read a list of domains or mailboxes, whatever the umask. */
static int protect(const struct compiler *compiler)
{
	int temporary = cdb_writer_descriptor(compiler->writer);

	return compiler->list->is_secret ? file_protect_like(temporary, compiler->descriptor)
					 : fchmod(temporary, 0644);
}

static void start(struct compiler *compiler, const char *name)
{
	name_file(name, "", &compiler->source);
	name_file(name, ".tmp", &compiler->temporary);
	name_file(name, ".cdb", &compiler->target);
	compiler->descriptor =
		open(text_string(&compiler->source), O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (compiler->descriptor == -1)
		die_errno(EXIT_TEMPORARY, "unable to open %s", text_string(&compiler->source));
	umask(077);
	compiler->writer =
		cdb_writer_new(text_string(&compiler->target), text_string(&compiler->temporary));
	if (!compiler->writer && errno == EEXIST)
		die(EXIT_PERMANENT, "unable to use %s: it has another name, or is no plain file",
		    text_string(&compiler->temporary));
	if (!compiler->writer && errno == EWOULDBLOCK)
		die(EXIT_TEMPORARY, "unable to use %s: another process is writing it",
		    text_string(&compiler->temporary));
	if (!compiler->writer)
		die_errno(EXIT_TEMPORARY, "unable to create %s", text_string(&compiler->temporary));
	if (protect(compiler) == -1 || line_reader_init(&compiler->reader, compiler->descriptor,
							CONTROL_LIST_LONGEST_LINE) == -1)
		die_unwritable(compiler);
}

static void add(struct compiler *compiler, struct span entry, struct text *key, struct text *why)
{
	uint64_t line = compiler->reader.number;
	struct span data;

	text_clear(key);
	text_clear(why);
	if (!compiler->list->read(entry, key, &data, why))
		die_malformed(compiler, line, text_string(why));
	if (why->length)
		warn("%s: line %llu: %s", text_string(&compiler->source), (unsigned long long)line,
		     text_string(why));
	if (key->failed)
		errno = ENOMEM;
	if (key->failed || cdb_writer_add(compiler->writer, text_span(key), data,
					  line < UINT32_MAX ? (uint32_t)line : UINT32_MAX) == -1)
		die_unwritable(compiler);
}

static void compile(struct compiler *compiler)
{
	struct text key, why;
	struct span line;
	int result;

	text_init(&key, CONTROL_LIST_LONGEST_LINE);
	text_init(&why, REPORT_LINE);
	while ((result = line_reader_next(&compiler->reader, &line)) == 1) {
		line = span_trim_end(line);
		if (line.length && line.bytes[0] != '#')
			add(compiler, line, &key, &why);
	}
	if (result == -1 && errno == EMSGSIZE)
		die_malformed(compiler, compiler->reader.number, "more than 65536 bytes");
	if (result == -1) {
		cdb_writer_free(compiler->writer);
		if (errno == EBUSY)
			die(EXIT_TEMPORARY, "%s was changed while it was read",
			    text_string(&compiler->source));
		die_errno(EXIT_TEMPORARY, "unable to read %s", text_string(&compiler->source));
	}
	if (cdb_writer_finish(compiler->writer) == -1)
		die_unwritable(compiler);
	text_free(&key);
	text_free(&why);
}

/* Of two lines for one user only the first would count, whichever the administrator changes. */
static void refuse_duplicates(struct compiler *compiler)
{
	struct cdb_duplicate duplicate;
	struct text key, why;

	if (!compiler->list->has_one_of_each || cdb_writer_duplicates(compiler->writer) == 0)
		return;
	text_init(&key, CONTROL_LIST_LONGEST_LINE);
	text_init(&why, REPORT_LINE);
	if (cdb_writer_duplicate(compiler->writer, 0, &duplicate, &key) == -1)
		die_unwritable(compiler);
	text_add_string(&why, "line ");
	text_add_number(&why, duplicate.first);
	text_add_string(&why, " is for the same: ");
	text_add(&why, text_span(&key));
	die_malformed(compiler, duplicate.number, text_string(&why));
}

static void replace(struct compiler *compiler)
{
	const char *target = text_string(&compiler->target);

	if (cdb_writer_replace(compiler->writer) == -1) {
		cdb_writer_free(compiler->writer);
		die_errno(EXIT_TEMPORARY, "unable to move %s to %s",
			  text_string(&compiler->temporary), target);
	}
	/* A directory in which one may rename but not read cannot be told to be durable. */
	if (file_sync_directory_of(target) == -1 && errno != EACCES)
		die_errno(EXIT_TEMPORARY, "unable to make the new %s durable", target);
}

/* The database has not what others may, but they need not wait for it. */
static void warn_of_readers(const struct compiler *compiler)
{
	struct stat status;

	if (compiler->list->is_secret && fstat(compiler->descriptor, &status) == 0 &&
	    status.st_mode & S_IROTH)
		warn("%s: everybody on this machine may read these hashes: chmod o-r",
		     text_string(&compiler->source));
}

int main(int argc, char **argv)
{
	struct compiler compiler = {.list = NULL};

	report_begin("controlcdb");
	options_next(argc, argv, "", USAGE);
	if (argc - optind != 1)
		die_usage(USAGE, "one list is required");
	compiler.list = control_list_find(argv[optind]);
	if (!compiler.list)
		die_usage(USAGE, "there is no such list");
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to be told of */
	signal(SIGPIPE, SIG_IGN); /* who reads the warnings may go away */
	start(&compiler, argv[optind]);
	compile(&compiler);
	refuse_duplicates(&compiler);
	replace(&compiler);
	warn_of_readers(&compiler);
	cdb_writer_free(compiler.writer);
	line_reader_free(&compiler.reader);
	close(compiler.descriptor);
	text_free(&compiler.source);
	text_free(&compiler.temporary);
	text_free(&compiler.target);
	return 0;
}
