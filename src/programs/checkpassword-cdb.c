/*
 * checkpassword-cdb: run a program for a user whose password is right.
 *
 *     checkpassword-cdb program [argument ...]
 *     checkpassword-cdb --hash < password
 *
 * Speaks checkpassword's interface: name, password and timestamp come on descriptor 3. Looks the
 * name up in users.cdb of the control directory, made by controlcdb. Exit 1: wrong password, or no
 * such user. Exit 2: wrong use of the interface. Exit 111: cannot be found out now, or program
 * cannot be run. --hash prints the hash of the password on descriptor 0 for a line of users.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/credentials.h"
#include "base/text.h"
#include "unix/cdb_file.h"
#include "unix/chain.h"
#include "unix/control.h"
#include "unix/environment.h"
#include "unix/file.h"
#include "unix/options.h"
#include "unix/password.h"
#include "unix/report.h"
#include "unix/secret.h"

#define USAGE "program [argument ...], or checkpassword-cdb --hash"

enum { EXIT_REFUSED = 1, EXIT_MISUSE = 2 }; /* checkpassword's interface */

static void read_message(struct text *message)
{
	text_init(message, CREDENTIALS_LARGEST);
	if (!text_reserve(message, CREDENTIALS_LARGEST))
		die(EXIT_TEMPORARY, "out of memory");
	if (file_read_all(3, message) == -1) {
		int kept = errno;

		text_wipe(message);
		errno = kept;
		die_errno(errno == EBADF || errno == EFBIG ? EXIT_MISUSE : EXIT_TEMPORARY,
			  "unable to read a name and a password from descriptor 3");
	}
	close(3);
}

/* Copy what the database says: its own copy lasts only until the next question. */
static void take(enum verdict found, struct span data, const char *path, struct text *hash)
{
	if (found == VERDICT_LATER)
		die(EXIT_TEMPORARY, "unable to read %s: %s", path, cdb_file_reason(errno));
	if (found == VERDICT_YES)
		text_add(hash, data);
	if (hash->failed)
		die(EXIT_TEMPORARY, "out of memory");
}

static enum verdict judge(struct span name, const char *password)
{
	struct text path, hash, model;
	struct cdb_file users;
	unsigned position = CDB_FILE_FIRST_RECORD;
	struct span first, data = {NULL, 0};
	enum verdict found, verdict;

	text_init(&path, 4096);
	text_init(&hash, 1024 * 1024);
	text_init(&model, 1024 * 1024);
	control_path("users.cdb", &path);
	if (cdb_file_open(&users, text_string(&path)) == -1)
		die(EXIT_TEMPORARY, "unable to open %s: %s", text_string(&path),
		    cdb_file_reason(errno));
	found = cdb_file_next(&users, &position, &first, &data);
	take(found, data, text_string(&path), &model);
	found = cdb_file_find(&users, name, &data);
	take(found, data, text_string(&path), &hash);
	if (!cdb_file_is_unchanged(&users))
		die(EXIT_TEMPORARY, "%s was changed while it was read", text_string(&path));
	cdb_file_close(&users);
	verdict = password_matches(password, text_span(&hash), text_span(&model));
	text_free(&path);
	text_free(&hash);
	text_free(&model);
	return verdict;
}

/* A user who is only in our list has no home and no shell; those of the process that runs us, who
 * may be root, are not his. */
static void become(const char *name)
{
	environment_set("USER", name);
	environment_set("HOME", "/nonexistent");
	environment_set("SHELL", "/bin/false");
}

static _Noreturn void check_password(char **program)
{
	struct span name, password;
	enum verdict verdict = VERDICT_NO;
	struct text message;
	bool is_good;

	if (getauxval(AT_SECURE))
		die(EXIT_TEMPORARY, "with rights that its caller has not, as set-user-ID or "
				    "set-group-ID, this would lend them to any program: let its "
				    "caller read users.cdb instead");
	read_message(&message);
	is_good = credentials_read(text_span(&message), &name, &password);
	if (is_good)
		verdict = judge(name, password.bytes);
	if (verdict == VERDICT_YES)
		become(name.bytes);
	text_wipe(&message);
	if (!is_good)
		die(EXIT_MISUSE, "no name, password and timestamp on descriptor 3");
	if (verdict == VERDICT_LATER)
		die(EXIT_TEMPORARY, "unable to compute a hash: is the memory limit too low?");
	if (verdict == VERDICT_NO)
		_exit(EXIT_REFUSED);
	chain_exec(program);
}

static void read_new_password(const char *prompt, struct text *password)
{
	text_init(password, PASSWORD_LONGEST);
	if (secret_read_line(0, prompt, password) == 0)
		return;
	text_wipe(password);
	if (errno == EMSGSIZE)
		die(EXIT_PERMANENT, "the password is longer than %d bytes", PASSWORD_LONGEST);
	if (errno == EINVAL)
		die(EXIT_PERMANENT, "there is a NUL in the password");
	die_errno(EXIT_TEMPORARY, "unable to read a password");
}

static void print_hash(void)
{
	struct text password, again, hash;
	bool is_same = true;

	text_init(&hash, 1000);
	read_new_password("Password: ", &password);
	if (password.length == 0)
		die(EXIT_PERMANENT, "the password is empty");
	if (isatty(0)) {
		read_new_password("Once more: ", &again);
		is_same = span_equal(text_span(&password), text_span(&again));
		text_wipe(&again);
		text_free(&again);
	}
	if (is_same && password_hash(password.bytes, &hash) == -1)
		die_errno(EXIT_TEMPORARY, "unable to compute a hash");
	text_wipe(&password);
	text_free(&password);
	if (!is_same)
		die(EXIT_PERMANENT, "these are two passwords");
	text_add_byte(&hash, '\n');
	if (hash.failed || file_write(1, text_span(&hash)) == -1)
		die_errno(EXIT_TEMPORARY, "unable to write to standard output");
	text_free(&hash);
}

int main(int argc, char **argv)
{
	static const struct options_word words[] = {{"hash", 'h'}, {NULL, 0}};
	bool is_to_hash = false;

	report_begin("checkpassword-cdb");
	chain_ignore_signals();
	while (options_next_word(argc, argv, "", words, USAGE) != -1)
		is_to_hash = true;
	if (is_to_hash && argc > optind)
		die_usage(USAGE, "--hash takes no arguments");
	if (secret_protect_process() == -1)
		die_errno(EXIT_TEMPORARY, "unable to forbid core files");
	if (!is_to_hash && argc == optind)
		die(EXIT_MISUSE, "there is no program to run for the user");
	if (!is_to_hash)
		check_password(argv + optind);
	print_hash();
	return 0;
}
