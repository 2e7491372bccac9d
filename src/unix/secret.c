#include "unix/secret.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "unix/file.h"

int secret_protect_process(void)
{
	/* Unlike RLIMIT_CORE this also holds where cores go to a program, and ends by itself when
	 * another program is executed. */
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int add_byte(struct text *secret, char byte)
{
	if (byte == '\0' || secret->length == secret->maximum) {
		errno = byte == '\0' ? EINVAL : EMSGSIZE;
		return -1;
	}
	text_add_byte(secret, byte);
	return 0;
}

/* Byte by byte: what follows the line is somebody else's. */
static int read_line(int descriptor, struct text *secret, int (*wait)(void *world), void *world)
{
	for (;;) {
		ssize_t count;
		char byte;

		if (wait && wait(world) == -1)
			return -1;
		count = file_read(descriptor, &byte, 1);
		if (count == -1)
			return -1;
		if (count == 0 || byte == '\n')
			return 0;
		if (add_byte(secret, byte) == -1)
			return -1;
	}
}

struct terminal {
	int descriptor, signals;
	sigset_t caught, before;
	struct termios shown, hidden;
	const char *prompt;
};

static void hide(struct terminal *terminal)
{
	file_write(2, span_of(terminal->prompt));
	tcsetattr(terminal->descriptor, TCSAFLUSH, &terminal->hidden);
}

static void show(struct terminal *terminal)
{
	tcsetattr(terminal->descriptor, TCSANOW, &terminal->shown);
}

/* Wait for a byte. A signal is let through with the terminal as it was; after one that only stopped
 * the process, the prompt is written again. */
static int wait_for_byte(void *world)
{
	struct terminal *terminal = world;
	struct signalfd_siginfo signal;

	for (;;) {
		struct pollfd polled[] = {{terminal->descriptor, POLLIN, 0},
					  {terminal->signals, POLLIN, 0}};

		if (poll(polled, 2, -1) == -1 && errno != EINTR)
			return -1;
		if (!polled[1].revents)
			return 0;
		if (file_read(terminal->signals, &signal, sizeof(signal)) != sizeof(signal))
			return -1;
		show(terminal);
		raise((int)signal.ssi_signo);
		sigprocmask(SIG_SETMASK, &terminal->before, NULL);
		sigprocmask(SIG_BLOCK, &terminal->caught, NULL);
		hide(terminal);
	}
}

static int read_hidden(struct terminal *terminal, struct text *secret)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
	int result, kept;

	sigemptyset(&terminal->caught);
	for (size_t index = 0; index < sizeof(numbers) / sizeof(*numbers); index++)
		sigaddset(&terminal->caught, numbers[index]);
	terminal->signals = signalfd(-1, &terminal->caught, SFD_CLOEXEC);
	if (terminal->signals == -1)
		return -1;
	terminal->hidden = terminal->shown;
	terminal->hidden.c_lflag &= ~(tcflag_t)ECHO;
	terminal->hidden.c_lflag |= ECHONL;
	sigprocmask(SIG_BLOCK, &terminal->caught, &terminal->before);
	hide(terminal);
	result = read_line(terminal->descriptor, secret, wait_for_byte, terminal);
	kept = errno;
	show(terminal);
	close(terminal->signals);
	sigprocmask(SIG_SETMASK, &terminal->before, NULL);
	errno = kept;
	return result;
}

int secret_read_line(int descriptor, const char *prompt, struct text *secret)
{
	struct terminal terminal = {.descriptor = descriptor, .prompt = prompt};

	if (!text_reserve(secret, secret->maximum - secret->length)) {
		errno = ENOMEM;
		return -1;
	}
	if (tcgetattr(descriptor, &terminal.shown) == -1)
		return read_line(descriptor, secret, NULL, NULL);
	return read_hidden(&terminal, secret);
}
