/*
 * A renewal, an expiry and a look at the same old mark, in every order in which their system calls
 * can follow each other. Each runs in a thread that waits for its turn before each call; the
 * schedules are walked like a tree, each from a fresh store.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"
#include "unix/marks.h"

#define LIFETIME	   60 /* seconds */
#define LONGEST_SCHEDULE   64
#define MOST_INTERRUPTIONS 3 /* of an actor by another in one schedule */

enum { RENEWAL, EXPIRY, LOOK, ACTORS };

struct actor {
	sem_t turn;
	bool is_done;
};

static struct actor actors[ACTORS];
static sem_t scheduler;
static _Thread_local struct actor *self; /* NULL: not on the stage */
static char directory[] = "/tmp/tidewaiter-races.XXXXXX";
static struct address client = {.version = 4, .bytes = {192, 0, 2, 1}};
static bool has_looked, was_granted, was_found; /* granted before the look began; found by it */
static int renewed, expired;

/* The calls that see or change a mark, as the linker lays them in between. */
static void wait_for_turn(void)
{
	if (!self)
		return;
	sem_post(&scheduler);
	sem_wait(&self->turn);
	if (self == &actors[LOOK] && !has_looked) {
		has_looked = true;
		was_granted = actors[RENEWAL].is_done;
	}
}

#define WRAP(name, parameters, arguments)       \
	int __real_##name parameters;           \
	int __wrap_##name parameters;           \
	int __wrap_##name parameters            \
	{                                       \
		wait_for_turn();                \
		return __real_##name arguments; \
	}

WRAP(futimens, (int file, const struct timespec times[2]), (file, times))
WRAP(fstatat, (int at, const char *path, struct stat *status, int flags), (at, path, status, flags))
WRAP(renameat, (int at, const char *from, int to_at, const char *to), (at, from, to_at, to))
WRAP(linkat, (int at, const char *from, int to_at, const char *to, int flags),
     (at, from, to_at, to, flags))
WRAP(unlinkat, (int at, const char *path, int flags), (at, path, flags))

int __real_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_openat(int at, const char *path, int flags, ...)
{
	wait_for_turn();
	return __real_openat(at, path, flags, 0600);
}

static void *end(void)
{
	self->is_done = true;
	sem_post(&scheduler);
	return NULL;
}

static void *run_renewal(void *actor)
{
	self = actor;
	renewed = marks_renew(directory, &client);
	return end();
}

static void *run_expiry(void *actor)
{
	struct marks_count count;

	self = actor;
	expired = marks_expire(directory, LIFETIME, &count);
	return end();
}

static void *run_look(void *actor)
{
	struct text why;

	self = actor;
	text_init(&why, 1000);
	was_found = marks_find(directory, &client, LIFETIME, &why) == VERDICT_YES;
	text_free(&why);
	return end();
}

static void path_of(const char *ending, char path[200])
{
	snprintf(path, 200, "%s/192.0.2.1%s", directory, ending);
}

static void put_old(const char *ending)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - 1000}, {.tv_sec = time(NULL) - 1000}};
	char path[200];
	int file;

	path_of(ending, path);
	file = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_not_equal(file, -1);
	assert_int_equal(__real_futimens(file, times), 0);
	close(file);
}

static void begin_with_an_old_mark(void)
{
	put_old("");
}

static void begin_with_one_moved_aside(void)
{
	put_old(".expiring");
}

static void begin_with_both(void)
{
	put_old("");
	put_old(".expiring");
}

/* An expiry was killed when it had put a renewed mark back, and the mark has become old since. */
static void begin_with_one_under_both_names(void)
{
	char from[200], to[200];

	put_old("");
	path_of("", from);
	path_of(".expiring", to);
	assert_int_equal(link(from, to), 0);
}

static void begin_with_none(void)
{
}

static void (*const prepare[])(void) = {
	begin_with_an_old_mark, begin_with_one_moved_aside,
	begin_with_both,	begin_with_one_under_both_names,
	begin_with_none,
};

static void clear_store(void)
{
	char path[200];

	path_of("", path);
	unlink(path);
	path_of(".expiring", path);
	unlink(path);
}

struct schedule {
	unsigned char choice[LONGEST_SCHEDULE], choices[LONGEST_SCHEDULE];
	size_t length;
	char order[LONGEST_SCHEDULE + 1]; /* of the actors */
};

/* Those who can go on, the one who went last first. The others only while it may be interrupted. */
static size_t ready(struct actor *list[ACTORS], struct actor *last, bool may_interrupt)
{
	size_t count = 0;

	if (last && !last->is_done)
		list[count++] = last;
	if (count && !may_interrupt)
		return count;
	for (size_t index = 0; index < ACTORS; index++)
		if (!actors[index].is_done && &actors[index] != last)
			list[count++] = &actors[index];
	return count;
}

/* Play the choices that are given, then always the first, and note how many there were. */
static void play(struct schedule *schedule)
{
	static void *(*const roles[ACTORS])(void *) = {run_renewal, run_expiry, run_look};
	pthread_t threads[ACTORS];
	struct actor *list[ACTORS], *last = NULL;
	size_t given = schedule->length;
	unsigned interruptions = 0;

	has_looked = false;
	for (size_t index = 0; index < ACTORS; index++) {
		actors[index].is_done = false;
		sem_init(&actors[index].turn, 0, 0);
		assert_int_equal(
			pthread_create(&threads[index], NULL, roles[index], &actors[index]), 0);
		sem_wait(&scheduler); /* it waits before its first call */
	}
	for (schedule->length = 0;; schedule->length++) {
		size_t step = schedule->length;
		size_t count = ready(list, last, interruptions < MOST_INTERRUPTIONS);

		if (count == 0)
			break;
		assert_true(step < LONGEST_SCHEDULE);
		if (step >= given)
			schedule->choice[step] = 0;
		schedule->choices[step] = (unsigned char)count;
		if (last && !last->is_done && schedule->choice[step] != 0)
			interruptions++;
		last = list[schedule->choice[step]];
		schedule->order[step] = (char)('0' + (last - actors));
		sem_post(&last->turn);
		sem_wait(&scheduler);
	}
	schedule->order[schedule->length] = '\0';
	for (size_t index = 0; index < ACTORS; index++)
		pthread_join(threads[index], NULL);
}

/* On to the next schedule; false behind the last. */
static bool advance(struct schedule *schedule)
{
	while (schedule->length) {
		size_t last = schedule->length - 1;

		if (++schedule->choice[last] < schedule->choices[last])
			return true;
		schedule->length--;
	}
	return false;
}

static void check(const struct schedule *schedule, size_t start)
{
	const char *order = schedule->order;
	char path[200];
	struct stat status;
	struct text why;

	text_init(&why, 1000);
	if (renewed != 0 || expired != 0)
		fail_msg("start %zu, schedule %s: renewed %d, expired %d", start, order, renewed,
			 expired);
	if (was_granted && !was_found)
		fail_msg("start %zu, schedule %s: the look misses the mark", start, order);
	if (marks_find(directory, &client, LIFETIME, &why) != VERDICT_YES)
		fail_msg("start %zu, schedule %s: the mark is lost", start, order);
	path_of(".expiring", path);
	if (stat(path, &status) == 0)
		fail_msg("start %zu, schedule %s: a mark is left aside", start, order);
	text_free(&why);
}

static void test_marks_no_order_of_calls_loses_a_renewal(void **state)
{
	cpu_set_t one; /* the threads take turns: on one processor that costs least */

	(void)state;
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (size_t start = 0; start < LENGTH(prepare); start++) {
		struct schedule schedule = {.length = 0};
		unsigned long count = 0;

		do {
			clear_store();
			prepare[start]();
			play(&schedule);
			check(&schedule, start);
			count++;
		} while (advance(&schedule));
		print_message("start %zu: %lu schedules\n", start, count);
	}
}

/* One of two clients: away, back again, away again. Returns how often his mark was missing. */
static int come_and_go(uint8_t number)
{
	struct address self_address = {.version = 4, .bytes = {203, 0, 113, number}};
	struct timespec times[2] = {{.tv_sec = time(NULL) - 1000}, {.tv_sec = time(NULL) - 1000}};
	char path[200];
	int missing = 0;
	struct text why;

	text_init(&why, 1000);
	snprintf(path, sizeof(path), "%s/203.0.113.%u", directory, number);
	for (unsigned count = 0; count < 3000; count++) {
		utimensat(AT_FDCWD, path, times, 0);
		for (unsigned pause = count * 37 % 200; pause > 0; pause--)
			getppid();
		if (marks_renew(directory, &self_address) == -1 ||
		    marks_find(directory, &self_address, LIFETIME, &why) != VERDICT_YES)
			missing++;
	}
	text_free(&why);
	return missing < 255 ? missing : 255;
}

static void test_marks_are_there_when_all_run_at_once(void **state)
{
	struct marks_count count;
	unsigned long removed = 0;
	int status, running = 2;
	char path[200];

	(void)state;
	for (uint8_t number = 1; number <= 2; number++) {
		pid_t child = fork();

		assert_int_not_equal(child, -1);
		if (child == 0)
			_exit(come_and_go(number));
	}
	while (running) {
		assert_int_equal(marks_expire(directory, LIFETIME, &count), 0);
		removed += count.removed;
		if (waitpid(-1, &status, WNOHANG) > 0) {
			assert_int_equal(status, 0);
			running--;
		}
	}
	print_message("%lu marks were removed beside 6000 renewals\n", removed);
	for (unsigned number = 1; number <= 2; number++) {
		snprintf(path, sizeof(path), "%s/203.0.113.%u", directory, number);
		assert_int_equal(unlink(path), 0);
	}
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && sem_init(&scheduler, 0, 0) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	clear_store();
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks_are_there_when_all_run_at_once),
		cmocka_unit_test(test_marks_no_order_of_calls_loses_a_renewal),
	};

	return cmocka_run_group_tests_name("marks races", tests, make_directory, remove_directory);
}
