/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal, and a file. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

static void wake(int number)
{
	(void)number;
}

/* What is typed; less than 0 when a signal of those that MASK lets through comes first, or has come. */
static ssize_t read_line(int tty, const sigset_t *mask, char *line)
{
	struct pollfd typed = { .fd = tty, .events = POLLIN };

	return ppoll(&typed, 1, NULL, mask) < 0 ? -1 : read(tty, line, SECRET_MAX);
}

/* One line without echo, into ARENA. Keys that end programs are read as others; a line with one is none. */
static bool ask(int tty, const sigset_t *mask, const char *prompt, struct arena *arena, struct bytes *out)
{
	char *line = arena_alloc(arena, SECRET_MAX + 1);
	struct termios shown, hidden;
	ssize_t n;

	if (tcgetattr(tty, &shown))
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	/* In this order: who sees the prompt may type. */
	if (tcsetattr(tty, TCSAFLUSH, &hidden))
		return false;
	(void)!write(tty, prompt, strlen(prompt));
	n = read_line(tty, mask, line);
	(void)tcsetattr(tty, TCSAFLUSH, &shown);
	(void)!write(tty, "\n", 1);
	while (n > 0 && line[n - 1] == '\n')
		n--;
	*out = bytes_of(line, n > 0 ? (size_t)n : 0);
	return n > 0 && !memchr(line, shown.c_cc[VINTR], (size_t)n);
}

static int ask_at(struct ipsec *x, int tty, const sigset_t *mask, const char *of_what, bool new,
	struct arena *arena, struct bytes *out)
{
	struct bytes again;

	if (!ask(tty, mask, arena_printf(arena, "%s: ", of_what), arena, out))
		return ipsec_fail(x, FAILED, "%s was not given", of_what);
	if (new && (!ask(tty, mask, arena_printf(arena, "%s, again: ", of_what), arena, &again) ||
			   !bytes_eq(*out, again)))
		return ipsec_fail(x, FAILED, "the two are not the same: nothing was done");
	return DONE;
}

int secret_ask(struct ipsec *x, const char *of_what, bool new, const char *no_terminal, struct arena *arena,
	struct bytes *out)
{
	/* These end the reading, not the program: the echo has to come back. */
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	enum { ENDS = sizeof ends / sizeof *ends };
	struct sigaction action = { .sa_handler = wake }, old[ENDS];
	sigset_t held, before;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), code;

	if (tty < 0)
		return ipsec_fail(x, FAILED, "%s is needed, and there is no terminal to ask for it: %s",
			of_what, no_terminal);
	sigemptyset(&held);
	for (size_t i = 0; i < ENDS; i++) {
		sigaction(ends[i], &action, &old[i]);
		sigaddset(&held, ends[i]);
	}
	/* One that comes before anything is waited for is not lost. */
	sigprocmask(SIG_BLOCK, &held, &before);
	code = ask_at(x, tty, &before, of_what, new, arena, out);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < ENDS; i++)
		sigaction(ends[i], &old[i], NULL);
	close(tty);
	return code;
}

int secret_read(
	struct ipsec *x, const char *path, const char *of_what, struct arena *arena, struct bytes *out)
{
	char *room = arena_alloc(arena, SECRET_MAX + 2);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, room, SECRET_MAX + 2);
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return ipsec_fail(x, FAILED, "%s: %s", path,
			error == ENOENT ? "there is no such file" : strerror(error));
	*out = bytes_of(room, 0);
	while (out->n < (size_t)n && room[out->n] != '\n' && room[out->n] != '\r')
		out->n++;
	if (!out->n || out->n > SECRET_MAX)
		return ipsec_fail(x, FAILED, "%s: %s has from 1 to %d octets, in the first line", path,
			of_what, SECRET_MAX);
	return DONE;
}
