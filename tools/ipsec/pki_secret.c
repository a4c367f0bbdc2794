/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passphrases: from a file or a terminal, never from the command line, which everybody can read. */
#include "pki.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

enum { SECRET_MAX = 1024 /* octets */ };

static int from_file(struct pki *p, const char *path, const char *of_what, struct bytes *out)
{
	int code = pki_read_file(p, path, out);

	if (code)
		return code;
	out->n = out->n ? strcspn(arena_text(p->arena, *out), "\r\n") : 0;
	if (!out->n || out->n > SECRET_MAX)
		return ipsec_fail(p->x, FAILED, "%s: %s has from 1 to %d octets, in the first line", path,
			of_what, SECRET_MAX);
	return DONE;
}

/* One line without echo, into ARENA, which is wiped. Keys that end programs are read as others are, so that
 * the echo comes back in any case; a line with one is none. */
static bool ask(int tty, const char *prompt, struct arena *arena, struct bytes *out)
{
	char *line = arena_alloc(arena, SECRET_MAX + 1);
	struct termios shown, hidden;
	ssize_t n;

	if (tcgetattr(tty, &shown))
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	if (write(tty, prompt, strlen(prompt)) < 0 || tcsetattr(tty, TCSAFLUSH, &hidden))
		return false;
	n = read(tty, line, SECRET_MAX);
	(void)tcsetattr(tty, TCSAFLUSH, &shown);
	(void)!write(tty, "\n", 1);
	while (n > 0 && line[n - 1] == '\n')
		n--;
	*out = bytes_of(line, n > 0 ? (size_t)n : 0);
	return n > 0 && !memchr(line, shown.c_cc[VINTR], (size_t)n);
}

static int from_terminal(
	struct pki *p, int tty, const char *of_what, enum pki_prompt prompt, struct bytes *out)
{
	struct bytes again;

	if (!ask(tty, arena_printf(p->arena, "%s: ", of_what), p->arena, out))
		return ipsec_fail(p->x, FAILED, "no %s was given", of_what);
	if (prompt == PROMPT_NEW &&
		(!ask(tty, arena_printf(p->arena, "%s, again: ", of_what), p->arena, &again) ||
			!bytes_eq(*out, again)))
		return ipsec_fail(p->x, FAILED, "the two are not the same: nothing was done");
	return DONE;
}

int pki_secret(
	struct pki *p, enum pki_option option, const char *of_what, enum pki_prompt prompt, struct bytes *out)
{
	int tty, code;

	*out = (struct bytes){ 0 };
	if (pki_has(p, option))
		return from_file(p, pki_option(p, option, NULL), of_what, out);
	if (prompt == PROMPT_NEVER)
		return DONE;
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return ipsec_fail(p->x, FAILED,
			"%s is needed, and there is no terminal to ask for it: %s FILE reads it", of_what,
			pki_option_word(option));
	code = from_terminal(p, tty, of_what, prompt, out);
	close(tty);
	return code;
}
