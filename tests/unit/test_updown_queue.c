/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts and their turns, with a real shell. What a script does it writes into a file; where it is to wait,
 * it opens a pipe, until the test lets all go on that do. */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "daemon/script.h"
#include "daemon/updown_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The scripts know the files as $LOG and $PIPE, themselves as $ME. */
#define TELL "echo $PLUTO_VERB $ME >>$LOG\n"
#define WAIT "cat $PIPE\n"

enum { SECONDS = 20 /* until a test gives up */ };

struct desk {
	char dir[64], log[80], pipe[80];
	struct event_base *base;
	struct event *late;
	struct updown_queue queue;
	struct arena arena;
	struct text said; /* one line each */
	bool was_late;
};

static void on_say(void *ctx, enum log_level level, const struct updown *u, const char *text)
{
	text_add(&((struct desk *)ctx)->said, "%s %s: %s\n", level == LOG_WARN ? "warn" : "line", u->child,
		text);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	((struct desk *)ctx)->was_late = true;
}

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	snprintf(d->dir, sizeof d->dir, "/tmp/test_updown.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->log, sizeof d->log, "%s/log", d->dir);
	snprintf(d->pipe, sizeof d->pipe, "%s/pipe", d->dir);
	assert_int_equal(mkfifo(d->pipe, 0600), 0);
	close(open(d->log, O_CREAT | O_WRONLY, 0600));
	d->base = event_base_new();
	d->late = evtimer_new(d->base, on_late, d);
	evtimer_add(d->late, &(struct timeval){ .tv_sec = SECONDS });
	d->said = text_in(&d->arena);
	updown_queue_start(&d->queue, d->base, on_say, d);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	updown_queue_stop(&d->queue);
	event_free(d->late);
	event_base_free(d->base);
	unlink(d->log);
	unlink(d->pipe);
	assert_int_equal(rmdir(d->dir), 0);
	arena_free(&d->arena);
	free(d);
	return 0;
}

/* A tunnel whose child is called NAME, in N pairs of selectors. */
static struct updown *tunnel(struct desk *d, uint32_t id, const char *name, const char *command, unsigned n)
{
	struct updown *u = updown_new();

	u->conn = "site";
	u->child = arena_str(&u->arena, name);
	u->peer = "sun";
	u->id = id;
	u->command = command;
	u->runs = ARENA_ARRAY(&u->arena, n, struct updown_run);
	for (u->n_runs = 0; u->n_runs < n; u->n_runs++) {
		struct updown_run *r = &u->runs[u->n_runs];

		r->up = "PLUTO_VERB=up-client";
		r->down = "PLUTO_VERB=down-client";
		r->env = ARENA_ARRAY(&u->arena, 6, const char *);
		r->env[1] = "PATH=/usr/bin:/bin";
		r->env[2] = arena_printf(&u->arena, "LOG=%s", d->log);
		r->env[3] = arena_printf(&u->arena, "PIPE=%s", d->pipe);
		r->env[4] = arena_printf(&u->arena, "ME=%s/%u/%u", name, id, u->n_runs);
	}
	return u;
}

static void up(struct desk *d, uint32_t id, const char *name, const char *command)
{
	updown_queue_up(&d->queue, tunnel(d, id, name, command, 1));
}

/* One turn of the loop. */
static void turn(struct desk *d)
{
	event_base_loop(d->base, EVLOOP_ONCE);
	assert_false(d->was_late);
}

static const char *read_log(struct desk *d)
{
	static char text[4096];
	int fd = open(d->log, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text - 1);

	close(fd);
	text[n > 0 ? n : 0] = 0;
	return text;
}

static void wait_idle(struct desk *d)
{
	while (updown_queue_busy(&d->queue))
		turn(d);
}

/* Lets those go on that wait for the pipe, until none of all does any more. */
static void let_go(struct desk *d)
{
	while (updown_queue_busy(&d->queue)) {
		int fd = open(d->pipe, O_WRONLY | O_NONBLOCK);

		if (fd >= 0)
			close(fd);
		assert_false(d->was_late);
		event_base_loop(d->base, EVLOOP_NONBLOCK);
	}
}

/* Waits until the log has N lines, beside the loop: scripts run by themselves. */
static void wait_lines(struct desk *d, unsigned n)
{
	for (;;) {
		unsigned found = 0;

		for (const char *c = read_log(d); *c; c++)
			found += *c == '\n';
		if (found >= n)
			return;
		event_base_loop(d->base, EVLOOP_NONBLOCK);
		assert_false(d->was_late);
	}
}

static void up_then_down(void **state)
{
	struct desk *d = *state;

	up(d, 1, "net", TELL);
	wait_idle(d);
	assert_string_equal(read_log(d), "up-client net/1/0\n");
	updown_queue_down(&d->queue, 1);
	wait_idle(d);
	assert_string_equal(read_log(d), "up-client net/1/0\ndown-client net/1/0\n");
	updown_queue_down(&d->queue, 1);
	updown_queue_down(&d->queue, 2);
	assert_int_equal(updown_queue_busy(&d->queue), 0);
	assert_string_equal(text_str(&d->said), "");
}

static void each_pair_has_a_run(void **state)
{
	struct desk *d = *state;

	updown_queue_up(&d->queue, tunnel(d, 1, "net", TELL, 3));
	updown_queue_down(&d->queue, 1);
	wait_idle(d);
	assert_string_equal(read_log(d), "up-client net/1/0\nup-client net/1/1\nup-client net/1/2\n"
					 "down-client net/1/0\ndown-client net/1/1\ndown-client net/1/2\n");
}

/* What came back waits until what has gone is over. */
static void a_tunnel_has_one_turn_at_a_time(void **state)
{
	struct desk *d = *state;

	up(d, 1, "net", TELL WAIT);
	up(d, 2, "net", TELL);
	updown_queue_down(&d->queue, 1);
	up(d, 3, "other", TELL);
	wait_lines(d, 2);
	updown_queue_down(&d->queue, 2);
	up(d, 4, "net", TELL);
	let_go(d);
	updown_queue_down(&d->queue, 4);
	wait_idle(d);
	assert_null(strstr(read_log(d), "net/2/0"));
	assert_non_null(strstr(read_log(d), "up-client other/3/0\n"));
	assert_non_null(strstr(read_log(d), "up-client net/1/0\n"));
	assert_non_null(strstr(read_log(d), "down-client net/1/0\nup-client net/4/0\ndown-client net/4/0\n"));
}

static void only_so_many_at_once(void **state)
{
	struct desk *d = *state;
	char name[16];

	for (unsigned i = 0; i < UPDOWN_AT_ONCE + 4; i++) {
		snprintf(name, sizeof name, "net%u", i);
		up(d, i + 1, name, TELL WAIT);
	}
	assert_int_equal(d->queue.n_running, UPDOWN_AT_ONCE);
	assert_int_equal(updown_queue_busy(&d->queue), UPDOWN_AT_ONCE + 4);
	wait_lines(d, UPDOWN_AT_ONCE);
	let_go(d);
	wait_lines(d, UPDOWN_AT_ONCE + 4);
	updown_queue_down_all(&d->queue);
	let_go(d);
	wait_lines(d, 2 * (UPDOWN_AT_ONCE + 4));
	assert_true(list_empty(&d->queue.all));
}

/* Two CHILD_SAs took the place of one, and either may be the one that stays. */
static void rekeying_changes_nothing(void **state)
{
	for (uint32_t last = 2; last <= 3; last++) {
		struct desk *d = *state;

		up(d, 1, "net", TELL);
		updown_queue_rekeyed(&d->queue, 2, 1);
		updown_queue_rekeyed(&d->queue, 3, 1);
		updown_queue_rekeyed(&d->queue, 9, 8);
		wait_idle(d);
		for (uint32_t id = last; id < last + 40; id += 10)
			updown_queue_rekeyed(&d->queue, id + 10, id);
		updown_queue_down(&d->queue, last + 40);
		wait_idle(d);
		assert_true(list_empty(&d->queue.all));
		assert_string_equal(read_log(d), "up-client net/1/0\ndown-client net/1/0\n");
		assert_int_equal(truncate(d->log, 0), 0);
	}
}

static void a_failure_is_said(void **state)
{
	struct desk *d = *state;

	up(d, 1, "a", "exit 7");
	wait_idle(d);
	up(d, 2, "b", "kill -9 $$");
	wait_idle(d);
	updown_queue_down(&d->queue, 1);
	wait_idle(d);
	assert_string_equal(text_str(&d->said),
		"warn a: the script \"exit 7\" failed with exit code 7 (up-client)\n"
		"warn b: the script \"kill -9 $$\" was killed by signal 9, Killed (up-client)\n"
		"warn a: the script \"exit 7\" failed with exit code 7 (down-client)\n");
}

static pid_t first_pid(struct desk *d)
{
	pid_t pid;

	wait_lines(d, 1);
	pid = (pid_t)strtol(read_log(d), NULL, 10);
	assert_true(pid > 1); /* 0 would be ourselves */
	return pid;
}

/* One that minds SIGTERM, and one that does not; with what they have started. */
static void what_hangs_is_stopped(void **state)
{
	static const char *const commands[] = {
		"sleep 1000 & echo $! >>$LOG; wait",
		"trap '' TERM; sleep 1000 & echo $! >>$LOG; wait",
	};
	struct desk *d = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct updown *u = tunnel(d, i + 1, "net", commands[i], 1);
		pid_t pid;

		assert_int_equal(truncate(d->log, 0), 0);
		u->limit_ms = 250;
		updown_queue_up(&d->queue, u);
		pid = first_pid(d);
		wait_idle(d);
		while (!kill(pid, 0))
			assert_false(d->was_late);
		assert_int_equal(errno, ESRCH);
		assert_non_null(strstr(text_str(&d->said),
			arena_printf(&d->arena,
				"warn net: the script \"%s\" was stopped (up-client): it had not ended after "
				"0.25 s; see to it that it ends, or raise daemon.updown_timeout\n",
				commands[i])));
	}
}

/* It keeps what the script prints to open, and lives on. */
static void the_background_is_not_waited_for(void **state)
{
	struct desk *d = *state;
	pid_t pid;

	up(d, 1, "net", "sleep 1000 & echo $! >>$LOG; echo hello");
	wait_idle(d);
	pid = first_pid(d);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_string_equal(text_str(&d->said), "line net: hello\n");
}

static void output_comes_by_lines(void **state)
{
	struct desk *d = *state;

	up(d, 1, "net", "echo one; echo; printf 'two\\nthr'; printf 'ee' >&2");
	wait_idle(d);
	assert_string_equal(text_str(&d->said), "line net: one\nline net: two\nline net: three\n");
}

static void output_is_bounded(void **state)
{
	struct desk *d = *state;
	const char *at;
	unsigned n = 0;

	up(d, 1, "net", "head -c 300 /dev/zero | tr '\\0' x; echo; seq 200");
	wait_idle(d);
	for (const char *c = text_str(&d->said); *c; c++)
		n += *c == '\n';
	assert_int_equal(n, SCRIPT_LINES + 1);
	assert_int_equal(strcspn(text_str(&d->said), "\n"), strlen("line net: ") + SCRIPT_LINE - 1);
	at = strstr(text_str(&d->said), "line net: 98\n");
	assert_non_null(at);
	assert_string_equal(at, "line net: 98\nline net: 102 lines more of the script were left out\n");
}

/* Nothing of ours is inherited. */
static void a_script_starts_clean(void **state)
{
	struct desk *d = *state;
	int open_one = dup(STDERR_FILENO);

	assert_int_equal(setenv("SECRET", "x", 1), 0);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	up(d, 1, "net",
		"umask; cat; ls /proc/self/fd | wc -l; env | grep -c SECRET; "
		"grep -c 'SigIgn.*[02468ace]...$' /proc/self/status");
	wait_idle(d);
	umask(022);
	signal(SIGPIPE, SIG_DFL);
	unsetenv("SECRET");
	close(open_one);
	/* Three of its own, and the one by which ls reads; SIGPIPE, the 13th, is not ignored. */
	assert_string_equal(text_str(&d->said), "line net: 0022\nline net: 4\nline net: 0\nline net: 1\n");
}

static void stopping_leaves_nothing(void **state)
{
	struct desk *d = *state;
	pid_t pid;

	up(d, 1, "net", "echo $$ >>$LOG\n" WAIT);
	up(d, 2, "net", TELL);
	up(d, 3, "other", "true");
	pid = first_pid(d);
	updown_queue_stop(&d->queue);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	updown_queue_start(&d->queue, d->base, on_say, d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(up_then_down, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_pair_has_a_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_tunnel_has_one_turn_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_so_many_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rekeying_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_hangs_is_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_background_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(output_comes_by_lines, set_up, tear_down),
		cmocka_unit_test_setup_teardown(output_is_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_script_starts_clean, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stopping_leaves_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
