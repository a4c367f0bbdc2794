/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching: the other screen of the terminal, drawn in one piece so that it does not flicker. */
#include "watch.h"

#include "client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { SECOND = 1000 /* ms */, PAUSE = 100 /* ms between two pictures at the least */ };

static const char begin_screen[] = "\033[?1049h\033[?25l", end_screen[] = "\033[?25h\033[?1049l",
		  home[] = "\033[H", end_of_line[] = "\033[K", below[] = "\033[J";

/* After each of these the terminal is as it was. */
static const int ends[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };

enum { ENDS = sizeof ends / sizeof *ends };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

static void ignore(int number)
{
	(void)number;
}

struct watch {
	struct ipsec *x;
	FILE *terminal;
	struct client news; /* of SAs; fd -1: the daemon is not there */
	struct termios before;
	struct sigaction old_ends[ENDS], old_winch;
};

/* Without SA_RESTART: poll is to end. */
static void catch (int number, void (*handler)(int), struct sigaction *old)
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, old);
}

static void begin(struct watch *w)
{
	struct termios raw;

	stopped = 0;
	for (size_t i = 0; i < ENDS; i++)
		catch (ends[i], stop, &w->old_ends[i]);
	catch (SIGWINCH, ignore, &w->old_winch);
	if (!tcgetattr(STDIN_FILENO, &w->before)) {
		raw = w->before;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VSUSP] = _POSIX_VDISABLE; /* a shell would get this screen */
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(begin_screen, w->terminal);
	fflush(w->terminal);
}

static void end(struct watch *w)
{
	fputs(end_screen, w->terminal);
	fflush(w->terminal);
	tcsetattr(STDIN_FILENO, TCSANOW, &w->before);
	for (size_t i = 0; i < ENDS; i++)
		sigaction(ends[i], &w->old_ends[i], NULL);
	sigaction(SIGWINCH, &w->old_winch, NULL);
	client_close(&w->news);
}

/* Lines beyond the terminal's height are left out. */
static void show(FILE *terminal, const char *text)
{
	unsigned rows = term_height(terminal), row = 0;

	fputs(home, terminal);
	while (*text && (!rows || row < rows)) {
		size_t n = strcspn(text, "\n");

		fprintf(terminal, "%s%.*s%s", row++ ? "\r\n" : "", (int)n, text, end_of_line);
		text += n + (text[n] == '\n');
	}
	fputs(below, terminal);
	fflush(terminal);
}

static void picture(struct watch *w, watch_draw *draw, void *ctx)
{
	unsigned width = term_width(w->terminal);
	struct ipsec x = { .run_dir = w->x->run_dir, .colours = w->x->colours };
	char *text = NULL;
	size_t n;
	FILE *memory = open_memstream(&text, &n);

	if (!memory)
		abort();
	x.out = x.err = width ? term_wrap(memory, width) : memory;
	(void)draw(&x, ctx);
	if (x.out != memory)
		fclose(x.out);
	fclose(memory);
	show(w->terminal, text);
	arena_free(&x.arena);
	free(text);
}

/* Asks for news, where the daemon is there and was not asked yet. */
static void listen_again(struct watch *w)
{
	static const char *const events[] = { "ike-updown", "child-updown", "ike-rekey", "child-rekey",
		"ike-update", "alert" };
	int code;

	if (w->news.fd >= 0 || !client_probe(w->x))
		return;
	code = client_open(&w->news, w->x);
	for (size_t i = 0; i < sizeof events / sizeof *events && !code; i++)
		code = client_subscribe(&w->news, events[i]);
	if (code)
		client_close(&w->news);
}

static void hear(struct watch *w)
{
	const struct vici_node *message;
	int got;

	while ((got = client_wait(&w->news, 0, &message)) > 0)
		continue;
	if (!got)
		client_close(&w->news);
	arena_free(&w->x->arena);
}

/* Whether somebody has typed q, or closed the terminal. */
static bool typed_q(void)
{
	char c;

	return read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 'Q';
}

/* Waits for the next reason to draw; false: it is over. */
static bool wait_for_news(struct watch *w)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = w->news.fd, .events = POLLIN } };

	if (poll(p, 2, SECOND) < 0)
		return !stopped;
	if (p[0].revents && typed_q())
		return false;
	if (!p[1].revents)
		return true;
	hear(w);
	return poll(p, 1, PAUSE) <= 0 || !typed_q();
}

int watch(struct ipsec *x, watch_draw *draw, void *ctx)
{
	struct watch w = { .x = x, .terminal = x->terminal, .news.fd = -1 };

	if (!term_height(x->terminal) || !isatty(STDIN_FILENO))
		return ipsec_fail(x, USAGE, "--watch needs a terminal: ipsec monitor is for programs");
	begin(&w);
	do {
		listen_again(&w);
		picture(&w, draw, ctx);
	} while (!stopped && wait_for_news(&w));
	end(&w);
	return DONE;
}
