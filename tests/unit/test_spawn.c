#include "unix/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

static char directory[] = "/tmp/tidewaiter-spawn.XXXXXX";

static const struct {
	const char *path, *line;
} scripts[] = {
	{"a/script", "#! /nowhere/sh -x\n"},
	{"b/script", "#!\t/bin/sh\n"},
	{"a/alone", "#!/nowhere/sh"},
	{"a/bare", "#!\n"},
};

/* Two directories of programs, in a fresh working directory. */
static int make_programs(void **state)
{
	static const struct {
		const char *path;
		mode_t mode;
	} files[] = {
		{"a/one", 0700}, {"b/one", 0700}, {"b/two", 0700}, {"a/data", 0600}, {"one", 0700}};

	(void)state;
	if (!mkdtemp(directory) || chdir(directory) == -1 || mkdir("a", 0700) == -1 ||
	    mkdir("b", 0700) == -1)
		return -1;
	for (size_t index = 0; index < LENGTH(files); index++)
		close(open(files[index].path, O_CREAT | O_WRONLY, files[index].mode));
	for (size_t index = 0; index < LENGTH(scripts); index++) {
		int descriptor = open(scripts[index].path, O_CREAT | O_WRONLY, 0700);
		size_t length = strlen(scripts[index].line);

		if (write(descriptor, scripts[index].line, length) != (ssize_t)length)
			return -1;
		close(descriptor);
	}
	return mkdir("a/two", 0700);
}

static int remove_programs(void **state)
{
	static const char *const files[] = {"a/one", "b/one", "b/two", "a/data", "one"};

	(void)state;
	for (size_t index = 0; index < LENGTH(files); index++)
		unlink(files[index]);
	for (size_t index = 0; index < LENGTH(scripts); index++)
		unlink(scripts[index].path);
	rmdir("a/two");
	rmdir("a");
	rmdir("b");
	return rmdir(directory);
}

static void test_spawn_finds_as_execvp_does(void **state)
{
	static const struct {
		const char *name, *program, *search, *found;
		int number;
	} cases[] = {
		{"a name with a slash", "./nowhere/at-all", "a", "./nowhere/at-all", 0},
		{"the only one", "two", "a:b", "b/two", 0},
		{"the first of two", "one", "nowhere:b:a", "b/one", 0},
		{"not there", "nothing", "a:b", NULL, ENOENT},
		{"not executable", "data", "a:b", NULL, EACCES},
		{"an empty part is here", "one", "/nowhere::", "./one", 0},
		{"a directory of that name before it", "two", "a:b", "b/two", 0},
		{"only a directory", "two", "a", NULL, EACCES},
		{"a script without its interpreter before it", "script", "a:b", "b/script", 0},
		{"one that names none is the shell's", "bare", "a:b", "a/bare", 0},
		{"only such a script", "alone", "a:b", NULL, ENOENT},
		{"no search path", "sh", NULL, "/bin/sh", 0},
	};
	char *before = strdup(getenv("PATH") ? getenv("PATH") : "");
	struct text path;

	(void)state;
	text_init(&path, 1000);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		int result;

		text_clear(&path);
		if (cases[index].search)
			setenv("PATH", cases[index].search, 1);
		else
			unsetenv("PATH");
		errno = 0;
		result = spawn_find(cases[index].program, &path);
		if (cases[index].found)
			CHECK_SPAN(cases[index].name, text_span(&path), cases[index].found);
		else if (result != -1 || errno != cases[index].number || path.length)
			fail_msg("%s: %d, errno %d", cases[index].name, result, errno);
	}
	setenv("PATH", before, 1);
	free(before);
	text_free(&path);
}

static void test_spawn_passes_over_what_is_too_long(void **state)
{
	static const struct {
		size_t length; /* of a part of the search path that consists of slashes */
		const char *program;
		int number;
	} cases[] = {
		{PATH_MAX - 1 - 4, "two", 0},
		{PATH_MAX - 4, "two", 0},
		{PATH_MAX, "two", 0},
		{10 * PATH_MAX, "two", 0},
		{10 * PATH_MAX, "nothing", ENOENT},
	};
	char *before = strdup(getenv("PATH") ? getenv("PATH") : "");
	char search[10 * PATH_MAX + 3], name[PATH_MAX + 1];
	struct text path;

	(void)state;
	text_init(&path, PATH_MAX);
	for (size_t index = 0; index < LENGTH(cases); index++) {
		text_clear(&path);
		memset(search, '/', cases[index].length);
		strcpy(search + cases[index].length, ":b");
		setenv("PATH", search, 1);
		errno = 0;
		if (spawn_find(cases[index].program, &path) == 0)
			assert_string_equal(text_string(&path), "b/two");
		else
			assert_int_equal(errno, cases[index].number);
		assert_int_equal(path.length == 0, cases[index].number != 0);
	}
	memset(name, '/', PATH_MAX);
	name[PATH_MAX] = '\0';
	text_free(&path);
	path.maximum = PATH_MAX - 1;
	assert_int_equal(spawn_find(name, &path), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	setenv("PATH", before, 1);
	free(before);
	text_free(&path);
}

/* What a shell command that is spawned writes to a pipe that is its descriptor to; its exit status
 * or the negated errno in *status. */
static void run(const char *command, char *const environment[], int to, char *output, size_t size,
		int *status)
{
	char *const arguments[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
	int ends[2];
	ssize_t count, length = 0;
	pid_t child;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	{
		struct spawn_move moves[] = {{ends[1], to}};

		child = spawn("/bin/sh", arguments, environment, moves, 1);
	}
	assert_int_not_equal(child, -1);
	close(ends[1]);
	while ((count = read(ends[0], output + length, size - 1 - (size_t)length)) > 0)
		length += count;
	output[length] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, status, 0), child);
}

static void test_spawn_gives_what_it_is_given(void **state)
{
	char *const environment[] = {(char *)"A=1", (char *)"B=2", NULL};
	char output[1000];
	int status;

	(void)state;
	run("echo $A $B $0; exit 7", environment, 1, output, sizeof(output), &status);
	assert_string_equal(output, "1 2 sh\n");
	assert_int_equal(WEXITSTATUS(status), 7);
	run("echo here >&7", environment, 7, output, sizeof(output), &status);
	assert_string_equal(output, "here\n");
	run("ls /proc/self/fd | wc -l", environment, 1, output, sizeof(output), &status);
	assert_int_equal(atoi(output), 4); /* three, and that of the directory */
}

static void test_spawn_children_start_with_default_signals(void **state)
{
	char *const environment[] = {NULL};
	char output[1000];
	sigset_t blocked, now;
	int status;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	run("exec grep -E '^Sig(Blk|Ign)' /proc/self/status", environment, 1, output,
	    sizeof(output), &status);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	assert_string_equal(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	/* And the parent's are as they were. */
	sigprocmask(SIG_UNBLOCK, &blocked, &now);
	assert_int_equal(sigismember(&now, SIGTERM), 1);
	assert_int_equal(sigismember(&now, SIGINT), 0);
}

static void test_spawn_says_why_it_failed(void **state)
{
	static const struct {
		const char *name, *path;
		int number;
	} cases[] = {
		{"no such file", "nowhere", ENOENT},
		{"not executable", "a/data", EACCES},
		{"no program", "a/one", ENOEXEC},
		{"a directory", "a", EACCES},
	};
	char *const arguments[] = {(char *)"x", NULL}, *const environment[] = {NULL};

	(void)state;
	for (size_t index = 0; index < LENGTH(cases); index++) {
		pid_t child = spawn(cases[index].path, arguments, environment, NULL, 0);

		if (child != -1 || errno != cases[index].number)
			fail_msg("%s: %d, errno %d", cases[index].name, (int)child, errno);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spawn_finds_as_execvp_does),
		cmocka_unit_test(test_spawn_passes_over_what_is_too_long),
		cmocka_unit_test(test_spawn_gives_what_it_is_given),
		cmocka_unit_test(test_spawn_children_start_with_default_signals),
		cmocka_unit_test(test_spawn_says_why_it_failed),
	};

	spawn_prepare();
	return cmocka_run_group_tests_name("spawn", tests, make_programs, remove_programs);
}
