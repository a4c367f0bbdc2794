/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process, known by its descriptor, and a pipe. */
#include "daemon/script.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ours keeps files to ourselves, a script's may be for others. */
#define SCRIPT_UMASK "umask 022\n"

struct script {
	struct script_spec spec; /* its command and environment are the process's by now */
	pid_t pid;
	int process, output; /* descriptors: readable when it has ended, and what it prints */
	struct event *ended, *readable, *late;
	bool too_long;
	char line[SCRIPT_LINE];
	size_t n;
	unsigned lines;
};

static void script_free(struct script *s)
{
	if (s->ended)
		event_free(s->ended);
	if (s->readable)
		event_free(s->readable);
	if (s->late)
		event_free(s->late);
	if (s->process >= 0)
		close(s->process);
	if (s->output >= 0)
		close(s->output);
	free(s);
}

/* ------------------------------------------------------------------- output */

static void line_over(struct script *s)
{
	bool empty = !s->n;

	s->line[s->n] = 0;
	s->n = 0;
	if (!empty && s->lines++ < SCRIPT_LINES)
		s->spec.line(s->spec.ctx, s->line);
}

static void hear(struct script *s, const char *p, size_t n)
{
	for (; n--; p++) {
		bool end = *p == '\n';

		if (!end)
			s->line[s->n++] = *p ? *p : '?';
		if (end || s->n == sizeof s->line - 1)
			line_over(s);
	}
}

/* False when there is nothing more for now. */
static bool read_some(struct script *s)
{
	char room[4096];
	ssize_t n = read(s->output, room, sizeof room);

	if (n > 0)
		hear(s, room, (size_t)n);
	else if (!n)
		event_del(s->readable);
	return n > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)read_some(ctx);
}

/* What was printed before the end; somebody in the background may print without end. */
static void read_rest(struct script *s)
{
	for (unsigned i = 0; i < SCRIPT_LINES && read_some(s); i++)
		continue;
}

/* ---------------------------------------------------------------------- end */

/* The process group cannot be another one's as long as its first process was not waited for. */
static int reap(struct script *s, bool kill_all)
{
	int status = 0;

	if (kill_all)
		(void)kill(-s->pid, SIGKILL);
	while (waitpid(s->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

static void on_ended(evutil_socket_t fd, short what, void *ctx)
{
	struct script *s = ctx;
	struct script_spec spec = s->spec;
	int status = reap(s, s->too_long);
	struct script_end end = {
		.fate = s->too_long           ? SCRIPT_TOO_LONG
			: WIFSIGNALED(status) ? SCRIPT_KILLED
					      : SCRIPT_EXITED,
		.number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	};

	(void)fd;
	(void)what;
	read_rest(s);
	line_over(s);
	end.left_out = s->lines > SCRIPT_LINES ? s->lines - SCRIPT_LINES : 0;
	script_free(s);
	spec.ended(spec.ctx, &end);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct script *s = ctx;

	(void)fd;
	(void)what;
	(void)kill(-s->pid, s->too_long ? SIGKILL : SIGTERM);
	if (!s->too_long)
		evtimer_add(s->late, &(struct timeval){ .tv_sec = SCRIPT_GRACE });
	s->too_long = true;
}

void script_kill(struct script *s)
{
	(void)reap(s, true);
	script_free(s);
}

/* -------------------------------------------------------------------- start */

/* A file of INPUT, to be read from its beginning; -1 with errno set. */
static int file_of(struct bytes input)
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if ((!input.n || write(fd, input.p, input.n) == (ssize_t)input.n) && !lseek(fd, 0, SEEK_SET))
		return fd;
	close(fd);
	errno = ENOSPC;
	return -1;
}

static int spawn(const struct script_spec *spec, int input, int output, pid_t *pid)
{
	char *argv[] = { "sh", "-c", NULL, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, usual;
	int error;

	if (asprintf(&argv[2], SCRIPT_UMASK "%s", spec->command) < 0)
		abort();
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_init(&how);
	posix_spawnattr_setflags(
		&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &usual);
	error = posix_spawn(pid, "/bin/sh", &files, &how, argv, (char *const *)spec->env);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	free(argv[2]);
	return error;
}

static bool watch(struct script *s, struct event_base *base)
{
	const struct timeval limit = {
		.tv_sec = (time_t)(s->spec.limit_ms / 1000),
		.tv_usec = (suseconds_t)(s->spec.limit_ms % 1000 * 1000),
	};

	s->process = (int)syscall(SYS_pidfd_open, s->pid, 0);
	if (s->process < 0)
		return false;
	s->ended = event_new(base, s->process, EV_READ, on_ended, s);
	s->readable = event_new(base, s->output, EV_READ | EV_PERSIST, on_readable, s);
	s->late = evtimer_new(base, on_late, s);
	return s->ended && s->readable && s->late && !event_add(s->ended, NULL) &&
	       !event_add(s->readable, NULL) && (!s->spec.limit_ms || !evtimer_add(s->late, &limit));
}

struct script *script_start(struct event_base *base, const struct script_spec *spec)
{
	struct script *s = calloc(1, sizeof *s);
	int fds[2] = { -1, -1 }, error = 0, input = file_of(spec->input);

	if (!s)
		abort();
	*s = (struct script){ .spec = *spec, .process = -1, .output = -1 };
	if (input < 0 || pipe2(fds, O_CLOEXEC))
		error = errno;
	else
		error = spawn(spec, input, fds[1], &s->pid);
	s->output = fds[0];
	if (fds[1] >= 0)
		close(fds[1]);
	if (input >= 0)
		close(input);
	if (!error && (evutil_make_socket_nonblocking(s->output) || !watch(s, base))) {
		error = errno;
		(void)reap(s, true);
	}
	if (!error)
		return s;
	script_free(s);
	errno = error;
	return NULL;
}
