/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes and their ends. */
#include "daemon/family.h"

#include "daemon/clock.h"
#include "daemon/delay.h"
#include "daemon/lacking.h"
#include "daemon/line.h"
#include "daemon/members.h"
#include "daemon/nursery.h"
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	END_TIME = 1000,   /* ms for an orderly end */
	BATCH = 16,        /* messages taken at one wake-up: the rest waits for its turn after other work */
	SHORT_LIFE = 1000, /* ms: one that lived no longer is not replaced at once */
	RETRY_TIME = 500,  /* ms until then, and twice as long each time that it does not become ready, */
	RETRY_DOUBLED = 5, /* so often */
	VAIN_MAX = 3,      /* starts in vain, after which it is missing */
};

/* ------------------------------------------------------------------ starting */

static int kept = -1;

void family_keeps(int fd)
{
	kept = fd;
}

/* A folder that has been removed: nothing can be made in it. */
static int empty_root(const char *folder)
{
	struct arena arena = { 0 };
	const char *path = arena_printf(&arena, "%s/empty", folder);
	int fd;

	(void)mkdir(path, 0755);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)rmdir(path);
	arena_free(&arena);
	return fd;
}

/* Above all that the member gets, so that none is in another one's place. */
static int moved(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_END);

	if (fd >= 0)
		close(fd);
	return high;
}

/* Ours, and what SAID says, which counts more than what we were told ourselves. */
static char **environment(char *said, struct arena *arena)
{
	size_t n = 0;
	char **v;

	while (environ[n])
		n++;
	v = ARENA_ARRAY(arena, n + 2, char *);
	v[0] = said;
	memcpy(v + 1, environ, n * sizeof *v);
	return v;
}

/* This program anew, as NAME. */
static pid_t spawn(const char *name, bool foreground, const int fds[FD_END], char **env)
{
	char title[32];
	char *argv[] = { title, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int e;

	snprintf(title, sizeof title, MEMBERS_TITLE "%s", name);
	if (posix_spawn_file_actions_init(&actions))
		abort();
	for (int i = 0; i <= 2 && !foreground; i++)
		(void)posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	/* Where it is handed nothing there may be something that who started us has left open. */
	for (int i = FD_CHANNELS; i < FD_END; i++)
		if (fds[i] >= 0)
			(void)posix_spawn_file_actions_adddup2(&actions, fds[i], i);
		else
			(void)posix_spawn_file_actions_addclose(&actions, i);
	e = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	errno = e;
	return e ? 0 : pid;
}

static struct nursery nursery = { .fd = -1 };

void family_open_nursery(bool foreground)
{
	const struct timeval patience = { .tv_sec = FAMILY_BEGINNING / 1000 };
	int ends[2], fds[FD_END];

	for (int i = 0; i < FD_END; i++)
		fds[i] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	(void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	fds[FD_CHANNELS] = moved(ends[1]);
	nursery = (struct nursery){ .fd = ends[0], .pid = spawn(MEMBERS_NURSERY, foreground, fds, environ) };
	close(fds[FD_CHANNELS]);
	if (nursery.pid)
		return;
	close(nursery.fd);
	nursery.fd = -1;
}

void family_ask_nursery(void)
{
	uint64_t here;

	if (nursery_says(&nursery, &here))
		lacking_learn(here);
}

void family_close_nursery(void)
{
	nursery_close(&nursery);
}

/* Whether M is to be a copy, whose number is not known yet. */
static bool copied(struct member *m, const int fds[FD_END], const char *user)
{
	struct nursery_order o = { .process = m->spec.process };

	if (members_by_itself(m->spec.process) || strlen(user) >= sizeof o.user)
		return false;
	strcpy(o.user, user);
	for (int i = FD_CHANNELS; i < FD_END; i++)
		if (fds[i] >= 0)
			o.handed |= 1u << (i - FD_CHANNELS);
	m->copy = nursery_ask(&nursery, &o, fds + FD_CHANNELS);
	return m->copy;
}

/* The number of the process, where a copy was asked for. */
static void know(struct member *m)
{
	if (m->copy)
		m->pid = nursery_born(&nursery, m->copy);
	m->copy = 0;
}

static enum err spawn_member(struct member *m)
{
	const struct family_spec *spec = &m->spec;
	struct arena arena = { 0 };
	char *user = sandbox_environment(spec->process, &arena);
	int fds[FD_END];
	bool done;

	for (int i = 0; i < FAMILY_CHANNELS; i++) {
		fds[FD_CHANNELS + i] = moved(m->far[i].fd);
		m->far[i].fd = -1;
	}
	for (unsigned i = 0; i < FAMILY_FDS; i++)
		fds[FD_OWN + i] = i < spec->n_fds ? moved(dup(spec->fds[i])) : -1;
	fds[FD_ROOT] = moved(spec->root < 0 ? empty_root(spec->folder) : dup(spec->root));
	fds[FD_KEPT] = moved(dup(kept));
	done = copied(m, fds, user);
	if (!done)
		m->pid = spawn(ipc_name(spec->process), spec->foreground, fds, environment(user, &arena));
	for (int i = FD_CHANNELS; i < FD_END; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	arena_free(&arena);
	return done || m->pid ? ERR_OK : ERR_SYSTEM;
}

/* While messages of members are taken: to whom something is to be sent then. */
static struct member *gathering[IPC_PROCESSES];
static bool takes;

static void close_channels(struct member *m)
{
	if (gathering[m->spec.process] == m)
		gathering[m->spec.process] = NULL;
	for (unsigned i = 0; i < FAMILY_CHANNELS; i++) {
		ipc_bundle_free(&m->bundles[i]);
		if (m->readable[i])
			event_free(m->readable[i]);
		m->readable[i] = NULL;
		ipc_close(&m->near[i]);
		ipc_close(&m->far[i]);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *ctx);

/* Ends that wait for ever would let a member that is stuck hold us. */
static enum err open_channels(struct member *m)
{
	const struct timeval patience = { .tv_sec = FAMILY_PATIENCE / 1000 };

	for (unsigned i = 0; i < FAMILY_CHANNELS && (!i || m->spec.near[i] != IPC_GUARD); i++) {
		if (ipc_pair(m->spec.near[i], &m->near[i], m->spec.process, &m->far[i]))
			return ERR_SYSTEM;
		(void)setsockopt(m->near[i].fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		m->readable[i] = event_new(m->base, m->near[i].fd, EV_READ | EV_PERSIST, on_readable, m);
		if (!m->readable[i] || event_add(m->readable[i], NULL))
			return ERR_SYSTEM;
	}
	return ERR_OK;
}

static bool is_ready(const struct member *m)
{
	return m->near[0].fd >= 0 && m->near[0].phase == IPC_SERVING;
}

static void become_ready(struct member *m)
{
	for (unsigned i = 0; i < FAMILY_CHANNELS; i++)
		m->near[i].phase = m->far[i].phase = IPC_SERVING;
}

static bool has_message(const struct member *m, unsigned channel, int patience)
{
	struct pollfd p = { .fd = m->near[channel].fd, .events = POLLIN };
	int n;

	while ((n = poll(&p, 1, patience)) < 0 && errno == EINTR)
		;
	return n > 0;
}

/* How PID has ended, in words; it is not there any more. */
static const char *reap(pid_t pid, struct arena *arena)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return "it made a system call that it has no right to (SIGSYS)";
	if (WIFSIGNALED(status))
		return arena_printf(arena, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	return arena_printf(arena, "exit code %d", WEXITSTATUS(status));
}

/* Afterwards none runs; how it ended, from ARENA. */
static const char *end(struct member *m, struct arena *arena)
{
	pid_t pid;

	know(m);
	pid = m->pid;
	close_channels(m);
	m->pid = 0;
	if (!pid)
		return "it did not run";
	(void)kill(pid, SIGKILL);
	return reap(pid, arena);
}

/* It says by itself when it is ready. */
static enum err launch(struct member *m, struct text *why)
{
	enum err e = open_channels(m);

	m->since = clock_ms();
	m->said[0] = 0;
	if (!e && m->spec.one) {
		become_ready(m);
		return ERR_OK;
	}
	if (!e)
		e = spawn_member(m);
	if (e) {
		text_add(why, "the process %s cannot be started: %s", ipc_name(m->spec.process),
			strerror(errno));
		close_channels(m);
	}
	return e ? ERR_SYSTEM : ERR_OK;
}

/* It goes; WHY says how it was. */
static void end_unready(struct member *m, struct text *why)
{
	bool late = clock_ms() - m->since >= FAMILY_BEGINNING;

	text_add(why, "the process %s %s: %s%s%s", ipc_name(m->spec.process),
		late ? "was not ready in time" : "ended before it was ready", m->said, *m->said ? "; " : "",
		end(m, why->arena));
}

/* Lines of its log come before. What it has said is heard even if we come late: we may have been busy, or
 * asleep, and not it. */
static enum err wait_until_ready(struct member *m, struct arena *arena)
{
	enum err e = ERR_OK;
	const char *wrong;

	while (!e && !is_ready(m)) {
		uint64_t late = m->since + FAMILY_BEGINNING, now = clock_ms();

		e = has_message(m, 0, now < late ? (int)(late - now) : 0)
			    ? ipc_take(&m->near[0], arena, m, &wrong)
			    : ERR_MISSING;
	}
	return e;
}

void member_prepare(struct member *m, struct event_base *base, const struct family_spec *spec)
{
	*m = (struct member){ .spec = *spec, .base = base };
	for (unsigned i = 0; i < FAMILY_CHANNELS; i++)
		m->near[i].fd = m->far[i].fd = -1;
}

enum err member_launch(
	struct member *m, struct event_base *base, const struct family_spec *spec, struct text *why)
{
	member_prepare(m, base, spec);
	return launch(m, why);
}

static void runs_again(struct member *m)
{
	struct arena arena = { 0 };

	evtimer_del(m->retry);
	m->vain = 0;
	if (m->was_lost)
		line_say(LOG_NOTICE, "family",
			arena_printf(&arena, "%s runs again", ipc_name(m->spec.process)));
	arena_free(&arena);
	m->spec.again(m->spec.ctx);
}

enum err member_begun(struct member *m, struct text *why)
{
	bool was_copy = m->copy;
	enum err e = m->since ? wait_until_ready(m, why->arena) : ERR_OK;

	know(m);
	/* Where there can be no copies it is started anew. */
	if (e && was_copy && !m->pid) {
		close_channels(m);
		family_close_nursery();
		e = launch(m, why);
		if (e)
			return e;
		e = wait_until_ready(m, why->arena);
	}
	if (!e) {
		/* Who woke it is told here: its time to become ready is not to run out any more. */
		if (m->retry && evtimer_pending(m->retry, NULL))
			runs_again(m);
		return ERR_OK;
	}
	end_unready(m, why);
	return ERR_SYSTEM;
}

enum err member_start(
	struct member *m, struct event_base *base, const struct family_spec *spec, struct text *why)
{
	enum err e = member_launch(m, base, spec, why);

	return e ? e : member_begun(m, why);
}

/* ----------------------------------------------------------- losing, replacing */

static void retry_in(struct member *m, unsigned ms)
{
	const struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	evtimer_add(m->retry, &t);
}

/* It did not become ready, for the reason WHY: another one is tried a moment later. */
static void try_later(struct member *m, const struct text *why)
{
	const bool late = clock_ms() - m->since >= FAMILY_BEGINNING;

	line_say(LOG_ERROR, "family", text_str(why));
	m->was_lost = true;
	retry_in(m, RETRY_TIME << (m->vain < RETRY_DOUBLED ? m->vain : RETRY_DOUBLED));
	m->vain++;
	if (m->spec.missing && (late || m->vain >= VAIN_MAX))
		m->spec.missing(m->spec.ctx, text_str(why));
}

/* One that does not become ready is lost, too. */
static void lose_unready(struct member *m)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	end_unready(m, &why);
	try_later(m, &why);
	arena_free(&arena);
}

/* Nobody waits for it here: it is heard when it is ready, or when its time is over. */
static void start_another(struct member *m)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	if (launch(m, &why))
		try_later(m, &why);
	else if (is_ready(m))
		runs_again(m);
	else
		retry_in(m, FAMILY_BEGINNING);
	arena_free(&arena);
}

static void on_retry(evutil_socket_t fd, short what, void *ctx)
{
	struct member *m = ctx;

	(void)fd;
	(void)what;
	if (is_ready(m))
		return;
	if (m->near[0].fd >= 0)
		lose_unready(m);
	else
		start_another(m);
}

static void can_retry(struct member *m)
{
	if (!m->retry)
		m->retry = evtimer_new(m->base, on_retry, m);
	if (!m->retry)
		abort();
}

void member_wake(struct member *m)
{
	if (m->since || !m->base)
		return;
	can_retry(m);
	start_another(m);
}

void member_replace(struct member *m, const char *why)
{
	struct arena arena = { 0 };
	bool short_life = clock_ms() - m->since < SHORT_LIFE;
	const char *how;

	if (!is_ready(m))
		return;
	how = end(m, &arena);
	line_say(LOG_ERROR, "family",
		arena_printf(&arena, "the process %s has ended%s%s: %s; another one is started",
			ipc_name(m->spec.process), why ? ", since " : "", why ? why : "", how));
	arena_free(&arena);
	m->was_lost = true;
	can_retry(m);
	if (short_life)
		retry_in(m, RETRY_TIME);
	else
		start_another(m);
}

/* ------------------------------------------------------------- what waits */

/* Of a message, or of those that were gathered. */
static enum err sent(struct member *m, unsigned channel, enum err e)
{
	if (e == ERR_MISSING)
		member_replace(m, "it does not listen");
	if (!e && m->spec.one)
		m->spec.serve(m->spec.ctx, &m->far[channel]);
	return e;
}

static void flush(struct member *m, unsigned channel)
{
	if (m->bundles[channel].n)
		(void)sent(m, channel, ipc_send_gathered(&m->near[channel], &m->bundles[channel]));
}

static void flush_all(void)
{
	for (unsigned p = 0; p < IPC_PROCESSES; p++)
		for (unsigned i = 0; i < FAMILY_CHANNELS && gathering[p]; i++)
			flush(gathering[p], i);
	memset(gathering, 0, sizeof gathering);
}

/* ----------------------------------------------------------------- hearing */

/* What is heard, ERR_BUSY where there is nothing; the member is replaced when there is nobody to be heard any
 * more, or he breaks the rules. */
static enum err hear(struct member *m, unsigned channel, struct arena *arena)
{
	const char *wrong = NULL;
	bool ready = is_ready(m);
	enum err e = ipc_take_now(&m->near[channel], arena, m, &wrong);

	if (e == ERR_BUSY)
		return e;
	if (e && ready)
		member_replace(m, wrong ? arena_printf(arena, "it %s", wrong) : NULL);
	else if (e)
		lose_unready(m);
	else if (!ready && is_ready(m))
		runs_again(m);
	return e ? ERR_MISSING : ERR_OK;
}

/* What was there may have been taken by who waited for an answer (member_hear) since. */
static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
	struct member *m = ctx;
	unsigned channel = fd == m->near[0].fd ? 0 : 1;
	enum err e = ERR_OK;

	(void)what;
	takes = true;
	if (m->spec.gather)
		m->spec.gather(m->spec.ctx, true);
	for (unsigned i = 0; i < BATCH && !e && m->near[channel].fd == fd; i++) {
		struct arena arena = { 0 };

		e = hear(m, channel, &arena);
		arena_free(&arena);
	}
	if (m->spec.gather)
		m->spec.gather(m->spec.ctx, false);
	takes = false;
	flush_all();
}

enum err member_wait(struct member *m, struct arena *arena)
{
	uint64_t late = clock_ms() + FAMILY_PATIENCE;

	while (!is_ready(m)) {
		uint64_t now = clock_ms();

		if (now >= late)
			return ERR_MISSING;
		if (m->near[0].fd < 0) {
			(void)poll(NULL, 0, RETRY_TIME);
			start_another(m);
		} else if (has_message(m, 0, (int)(late - now))) {
			(void)!hear(m, 0, arena);
		}
	}
	return ERR_OK;
}

static unsigned channel_of(const struct member *m, enum ipc_process near)
{
	return near == m->spec.near[0] ? 0 : 1;
}

enum err member_hear(struct member *m, enum ipc_process near, unsigned patience, struct arena *arena)
{
	unsigned channel = channel_of(m, near);
	enum err e;

	flush(m, channel);
	e = is_ready(m) ? hear(m, channel, arena) : ERR_MISSING;
	if (e == ERR_BUSY && patience && has_message(m, channel, (int)patience))
		e = hear(m, channel, arena);
	if (e != ERR_BUSY)
		return e;
	member_replace(m, "it did not answer");
	return ERR_MISSING;
}

/* Waits for a message while with WAITED (ms) it is not LEFT, and adds to it how long that took. */
static enum err wait_for(struct member *m, enum ipc_process near, unsigned left, uint64_t *waited)
{
	const uint64_t begun = clock_ms();
	uint64_t took;

	if (*waited >= left) {
		member_replace(m, "it did not answer");
		return ERR_MISSING;
	}
	if (is_ready(m))
		(void)has_message(m, channel_of(m, near), (int)(left - *waited));
	took = clock_ms() - begun;
	*waited += took < left + DELAY_MAX ? took : 0; /* else we stood still, not it */
	return ERR_OK;
}

enum err member_answer(struct member *m, enum ipc_process near, const uint64_t *ticket, struct delay *d,
	unsigned gift, struct arena *arena)
{
	const unsigned left = delay_left(d, clock_ms());
	uint64_t waited = 0, ours = 0, since;
	enum err e = ERR_OK;

	flush(m, channel_of(m, near));
	while (!e && *ticket) {
		e = wait_for(m, near, ours < DELAY_OURS ? left : 0, &waited);
		since = clock_ms();
		if (!e)
			e = member_hear(m, near, 0, arena);
		ours += clock_ms() - since;
	}
	since = clock_ms();
	delay_add(d, since - waited, since, gift);
	return e;
}

bool member_waits(struct member *m, enum ipc_process near)
{
	flush(m, channel_of(m, near));
	return is_ready(m) && has_message(m, channel_of(m, near), 0);
}

/* Whether MESSAGE waits for others; where it cannot, those go before it. */
static bool gathered(struct member *m, unsigned channel, const struct ipc_message *message)
{
	struct ipc_bundle *b = &m->bundles[channel];
	enum err e = takes && m->spec.gathers && is_ready(m) ? ipc_gather(b, message) : ERR_RANGE;

	if (e == ERR_BUSY) {
		flush(m, channel);
		e = is_ready(m) ? ipc_gather(b, message) : ERR_RANGE;
	}
	if (!e)
		gathering[m->spec.process] = m;
	return !e;
}

static enum err say(struct member *m, unsigned channel, const struct ipc_message *message,
	enum err (*send_it)(struct ipc_channel *c, const struct ipc_message *m))
{
	flush(m, channel);
	return sent(m, channel, is_ready(m) ? send_it(&m->near[channel], message) : ERR_MISSING);
}

enum err member_send(struct member *m, enum ipc_process near, const struct ipc_message *message)
{
	const unsigned channel = channel_of(m, near);

	return gathered(m, channel, message) ? ERR_OK : say(m, channel, message, ipc_send);
}

enum err member_tell(struct member *m, enum ipc_process near, const struct ipc_message *message)
{
	return say(m, channel_of(m, near), message, ipc_tell);
}

/* ------------------------------------------------------------- what they say */

bool family_take_ready(void *ctx, const struct ipc_message *m)
{
	(void)m;
	become_ready(ctx);
	return true;
}

bool family_take_log(void *ctx, const struct ipc_message *m)
{
	struct member *member = ctx;
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	if (m->log.word[strspn(m->log.word, "abcdefghijklmnopqrstuvwxyz-")])
		return false;
	if (member->near[0].phase == IPC_STARTING)
		snprintf(member->said, sizeof member->said, "%s", m->log.line);
	line_add(&line, "connection", m->log.name);
	line_add(&line, "msg", m->log.line);
	if (line_pass(&member->lines, clock_ms()))
		log_say(m->log.level, m->log.word, "%s", text_str(&line));
	arena_free(&arena);
	return true;
}

/* Guard, who has broken the rules, is this process: it is not itself any more. */
bool family_take_blame(void *ctx, const struct ipc_message *m)
{
	const struct member *member = ctx;
	struct arena arena = { 0 };

	if (m->blame.process == member->spec.process || !m->blame.what)
		return false;
	line_say(LOG_ERROR, "family",
		arena_printf(&arena, "%s %s: this process ends", ipc_name(m->blame.process), m->blame.what));
	abort();
}

/* ---------------------------------------------------------------------- end */

/* Whether the process ends by itself. */
static bool ends(pid_t pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	bool ended = p.fd >= 0 && poll(&p, 1, END_TIME) > 0;

	if (p.fd >= 0)
		close(p.fd);
	return ended;
}

void member_stop(struct member *m)
{
	struct arena arena = { 0 };

	if (m->retry)
		event_free(m->retry);
	m->retry = NULL;
	m->base = NULL;
	know(m);
	close_channels(m);
	if (m->pid)
		(void)ends(m->pid);
	(void)end(m, &arena);
	arena_free(&arena);
}
