/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of the daemon are begun, and waited for: this program is they, too. */
#include "tests/unit/unit.h"

#include "daemon/daemon.h"
#include "daemon/family.h"
#include "daemon/image.h"
#include "daemon/nursery.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static struct arena arena;
static struct event_base *base;
static char folder[] = "/tmp/test_family.XXXXXX";

static int set_up(void **state)
{
	(void)state;
	base = event_base_new();
	return base && mkdtemp(folder) && !chmod(folder, 0711) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	event_base_free(base);
	arena_free(&arena);
	return rmdir(folder);
}

static unsigned times_ready;

static void again(void *ctx)
{
	(void)ctx;
	times_ready++;
	event_base_loopbreak(base);
}

static struct family_spec spec_of(enum ipc_process p)
{
	return (struct family_spec){ .process = p,
		.near = { IPC_GUARD, IPC_GUARD },
		.root = -1,
		.folder = folder,
		.foreground = true,
		.again = again };
}

/* Each takes milliseconds for its libraries, and a start would wait for one after the other. */
static void several_begin_beside_each_other(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct text why = text_in(&arena);
	struct member m[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(member_launch(&m[i], base, &spec, &why), ERR_OK);
		assert_true(m[i].pid > 0);
		assert_int_equal(m[i].near[0].phase, IPC_STARTING);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(member_begun(&m[i], &why), ERR_OK);
		assert_int_equal(m[i].near[0].phase, IPC_SERVING);
		assert_int_equal(member_begun(&m[i], &why), ERR_OK);
	}
	for (unsigned i = 0; i < 3; i++)
		member_stop(&m[i]);
	assert_string_equal(text_str(&why), "");
}

/* Whoever started it read files of a slow disk meanwhile, or slept. */
static void one_that_is_ready_is_not_late_because_we_are(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct text why = text_in(&arena);
	struct pollfd said = { .events = POLLIN };
	struct member m;

	(void)state;
	assert_int_equal(member_launch(&m, base, &spec, &why), ERR_OK);
	said.fd = m.near[0].fd;
	assert_int_equal(poll(&said, 1, FAMILY_BEGINNING), 1);
	m.since -= FAMILY_BEGINNING + 1000;
	assert_int_equal(member_begun(&m, &why), ERR_OK);
	assert_int_equal(m.near[0].phase, IPC_SERVING);
	member_stop(&m);
	assert_string_equal(text_str(&why), "");
}

static void one_that_is_prepared_runs_when_it_was_woken(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	const struct ipc_message m = { .kind = IPC_ORDER };
	struct text why = text_in(&arena);
	struct member esp;

	(void)state;
	times_ready = 0;
	member_prepare(&esp, base, &spec);
	assert_int_equal(member_begun(&esp, &why), ERR_OK);
	assert_int_equal(member_send(&esp, IPC_GUARD, &m), ERR_MISSING);
	assert_int_equal(esp.pid, 0);
	member_wake(&esp);
	assert_true(esp.pid > 0);
	assert_int_equal(esp.near[0].phase, IPC_STARTING);
	member_wake(&esp);
	event_base_dispatch(base);
	assert_int_equal(times_ready, 1);
	assert_int_equal(esp.near[0].phase, IPC_SERVING);
	assert_false(esp.was_lost);
	member_stop(&esp);
	assert_string_equal(text_str(&why), "");
}

static void one_that_was_woken_and_waited_for_lives_past_its_beginning(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct text why = text_in(&arena);
	struct member esp;
	pid_t pid;

	(void)state;
	times_ready = 0;
	member_prepare(&esp, base, &spec);
	member_wake(&esp);
	pid = esp.pid;
	assert_int_equal(member_begun(&esp, &why), ERR_OK);
	assert_int_equal(times_ready, 1);
	assert_false(evtimer_pending(esp.retry, NULL));
	event_active(esp.retry, EV_TIMEOUT, 1);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(esp.pid, pid);
	assert_false(esp.was_lost);
	assert_int_equal(esp.near[0].phase, IPC_SERVING);
	member_stop(&esp);
	assert_string_equal(text_str(&why), "");
}

static void one_that_has_been_stopped_is_not_woken(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct member esp;

	(void)state;
	member_prepare(&esp, base, &spec);
	member_stop(&esp);
	member_wake(&esp);
	assert_int_equal(esp.pid, 0);
	assert_int_equal(esp.since, 0);
	assert_null(esp.retry);
}

static void one_that_was_never_woken_stops_as_well(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct member esp;

	(void)state;
	member_prepare(&esp, base, &spec);
	member_stop(&esp);
	assert_int_equal(esp.pid, 0);
}

/* Keeper has no image. */
static void who_waits_for_one_that_ends_hears_why(void **state)
{
	struct family_spec spec = spec_of(IPC_KEEPER);
	struct text why = text_in(&arena);
	struct member m;

	(void)state;
	spec.near[1] = IPC_IKE;
	spec.fds[0] = spec.fds[1] = -1;
	spec.n_fds = 2;
	assert_int_equal(member_launch(&m, base, &spec, &why), ERR_OK);
	assert_int_equal(member_begun(&m, &why), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&why), "the process keeper ended before it was ready"));
	assert_int_equal(m.pid, 0);
	member_stop(&m);
}

static void missing(void *ctx, const char *why)
{
	*(char **)ctx = arena_str(&arena, why);
	event_base_loopbreak(base);
}

/* Keeper without an image, once more. */
static void one_that_cannot_be_started_is_missed_and_tried_again_later_each_time(void **state)
{
	struct family_spec spec = spec_of(IPC_KEEPER);
	struct timeval now, next, left;
	char *why = NULL;
	struct member m;

	(void)state;
	spec.near[1] = IPC_IKE;
	spec.fds[0] = spec.fds[1] = -1;
	spec.n_fds = 2;
	spec.ctx = &why;
	spec.missing = missing;
	member_prepare(&m, base, &spec);
	member_wake(&m);
	event_base_dispatch(base);
	assert_non_null(why);
	assert_non_null(strstr(why, "the process keeper ended before it was ready"));
	assert_int_equal(m.vain, 3);
	assert_true(evtimer_pending(m.retry, &next));
	gettimeofday(&now, NULL);
	timersub(&next, &now, &left);
	assert_true(left.tv_sec >= 1);
	member_stop(&m);
}

/* ------------------------------------------------------------ what is gathered */

/* A member that is here: what it was told, and what we do when it says something. */
static struct {
	struct member m;
	unsigned served, told, lines;
	void (*then)(void);
} here;

static void is_told(void *ctx, struct ipc_channel *far)
{
	static uint8_t room[IPC_MAX];
	struct ipc_message m;
	ssize_t n = recv(far->fd, room, sizeof room, MSG_DONTWAIT);

	(void)ctx;
	assert_true(n > 0);
	assert_null(ipc_decode(bytes_of(room, (size_t)n), &arena, &m));
	here.served++;
	here.told += m.kind == IPC_BUNDLE ? m.bundle.n : 1;
}

static void on_line(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	(void)level;
	(void)line;
	if (strcmp(word, "test") != 0)
		return;
	here.lines++;
	here.then();
}

static void tell_it(void)
{
	const struct ipc_message m = { .kind = IPC_DEAF };

	assert_int_equal(member_send(&here.m, IPC_GUARD, &m), ERR_OK);
}

/* It says N lines at once, and when each is heard THEN is done. */
static void it_says(unsigned n, void (*then)(void))
{
	struct family_spec spec = spec_of(IPC_IKE);
	struct text why = text_in(&arena);
	struct ipc_bundle b = { 0 };

	spec.near[1] = IPC_CTL;
	spec.one = spec.gathers = true;
	spec.serve = is_told;
	memset(&here, 0, sizeof here);
	here.then = then;
	assert_int_equal(member_launch(&here.m, base, &spec, &why), ERR_OK);
	log_to(on_line, NULL);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(ipc_send_later(&here.m.far[0], &b,
					 &(struct ipc_message){ .kind = IPC_LOG,
						 .log = { LOG_NOTICE, "test", NULL, "line" } }),
			ERR_OK);
	assert_int_equal(ipc_send_gathered(&here.m.far[0], &b), ERR_OK);
	ipc_bundle_free(&b);
	event_base_loop(base, EVLOOP_NONBLOCK);
	log_to(NULL, NULL);
	member_stop(&here.m);
}

static void what_is_said_while_messages_are_taken_goes_together(void **state)
{
	(void)state;
	it_says(3, tell_it);
	assert_int_equal(here.lines, 3);
	assert_int_equal(here.told, 3);
	assert_int_equal(here.served, 1);
}

static void tell_it_and_wait(void)
{
	tell_it();
	assert_int_equal(here.served, here.lines - 1);
	assert_false(member_waits(&here.m, IPC_GUARD));
}

static void who_waits_for_an_answer_has_asked(void **state)
{
	(void)state;
	it_says(2, tell_it_and_wait);
	assert_int_equal(here.served, 2);
	assert_int_equal(here.told, 2);
}

static void replace_it(void)
{
	here.m.since = 1; /* so that there is another one at once */
	member_replace(&here.m, "of a test");
	assert_int_equal(here.m.near[0].phase, IPC_SERVING);
}

static void who_is_replaced_is_heard_no_more(void **state)
{
	(void)state;
	it_says(3, replace_it);
	assert_int_equal(here.lines, 1);
}

/* ------------------------------------------------------------------ copies */

/* The line of /proc/PID/WHAT that has WORD. */
static char *whole_line_of(pid_t pid, const char *what, const char *word)
{
	FILE *f = fopen(arena_printf(&arena, "/proc/%d/%s", (int)pid, what), "r");
	char line[4096], *found = NULL;

	assert_non_null(f);
	while (!found && fgets(line, sizeof line, f))
		found = strstr(line, word) ? line : NULL;
	fclose(f);
	assert_non_null(found);
	line[strcspn(line, "\n")] = 0;
	return arena_str(&arena, line);
}

/* What follows WORD there. */
static char *line_of(pid_t pid, const char *what, const char *word)
{
	return strstr(whole_line_of(pid, what, word), word) + strlen(word);
}

/* One that has just been started has none for a moment. */
static char *title_of(pid_t pid)
{
	static const char name[] = "ikev2d: ";
	char title[64] = "";
	FILE *f;

	for (unsigned i = 0; !*title && i < 10000; i++) {
		f = fopen(arena_printf(&arena, "/proc/%d/cmdline", (int)pid), "r");
		assert_non_null(f);
		(void)!fgets(title, sizeof title, f);
		fclose(f);
	}
	assert_int_equal(strncmp(title, name, strlen(name)), 0); /* none at all: it has ended */
	return arena_str(&arena, title + strlen(name));
}

/* Where in its memory a library lies: of copies alike. */
static char *place_of(pid_t pid)
{
	char *line = whole_line_of(pid, "maps", "libcrypto");

	line[strcspn(line, " ")] = 0;
	return line;
}

/* The numbers of its descriptors. */
static char *descriptors_of(pid_t pid)
{
	struct text t = text_in(&arena);

	for (int fd = 0; fd < 64; fd++)
		if (!faccessat(AT_FDCWD, arena_printf(&arena, "/proc/%d/fd/%d", (int)pid, fd), F_OK,
			    AT_SYMLINK_NOFOLLOW))
			text_add(&t, " %d", fd);
	return arena_str(&arena, text_str(&t));
}

static void begin(struct member *m, const struct family_spec *spec)
{
	struct text why = text_in(&arena);

	assert_int_equal(member_launch(m, base, spec, &why), ERR_OK);
	if (member_begun(m, &why))
		fail_msg("%s", text_str(&why));
	assert_true(m->pid > 0);
	assert_int_equal(m->near[0].phase, IPC_SERVING);
}

/* A child of ours that is the nursery; 0: there is none. */
static pid_t nursery_now(void)
{
	FILE *f = fopen(arena_printf(&arena, "/proc/self/task/%d/children", (int)getpid()), "r");
	int pid, found = 0;

	assert_non_null(f);
	while (fscanf(f, "%d", &pid) == 1)
		if (!strcmp(title_of(pid), "nursery"))
			found = pid;
	fclose(f);
	return found;
}

static void a_copy_is_a_member_like_one_that_was_started_anew(void **state)
{
	struct family_spec spec = spec_of(IPC_ESP);
	struct member copies[2], anew;

	(void)state;
	spec.fds[0] = -1;
	spec.fds[1] = STDERR_FILENO;
	spec.n_fds = 2;
	family_open_nursery(true);
	begin(&copies[0], &spec);
	begin(&copies[1], &spec);
	family_close_nursery();
	assert_int_equal(nursery_now(), 0);
	begin(&anew, &spec);
	for (unsigned i = 0; i < 2; i++) {
		const pid_t pid = copies[i].pid;

		assert_string_equal(place_of(pid), place_of(copies[0].pid));
		assert_string_not_equal(place_of(pid), place_of(anew.pid));
		assert_string_equal(title_of(pid), "esp");
		assert_int_equal(atoi(line_of(pid, "status", "PPid:")), getpid());
		assert_string_equal(descriptors_of(pid), descriptors_of(anew.pid));
		assert_string_equal(line_of(pid, "status", "Uid:"), line_of(anew.pid, "status", "Uid:"));
		assert_string_equal(
			line_of(pid, "status", "CapEff:"), line_of(anew.pid, "status", "CapEff:"));
		assert_string_equal(
			line_of(pid, "status", "Seccomp:"), line_of(anew.pid, "status", "Seccomp:"));
		assert_string_equal(line_of(pid, "status", "Name:"), line_of(anew.pid, "status", "Name:"));
	}
	member_stop(&copies[0]);
	member_stop(&copies[1]);
	member_stop(&anew);
}

/* Whoever takes ike over would know its addresses. */
static void keeper_is_no_copy(void **state)
{
	struct family_spec spec = spec_of(IPC_KEEPER), esp = spec_of(IPC_ESP);
	struct member keeper, copy;

	(void)state;
	spec.near[1] = IPC_IKE;
	spec.fds[0] = image_make();
	spec.fds[1] = -1;
	spec.n_fds = 2;
	family_open_nursery(true);
	begin(&copy, &esp);
	begin(&keeper, &spec);
	family_close_nursery();
	assert_string_not_equal(place_of(keeper.pid), place_of(copy.pid));
	member_stop(&keeper);
	member_stop(&copy);
	close(spec.fds[0]);
}

/* What guards its stack must not be that of the one that was lost. */
static void one_that_is_started_in_the_place_of_a_copy_is_none(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct member m;
	char *place;

	(void)state;
	family_open_nursery(true);
	begin(&m, &spec);
	family_close_nursery();
	place = place_of(m.pid);
	member_replace(&m, "of this test");
	assert_int_equal(member_wait(&m, &arena), ERR_OK);
	assert_string_not_equal(place_of(m.pid), place);
	assert_string_equal(title_of(m.pid), "esp");
	member_stop(&m);
}

static void members_are_started_anew_where_there_can_be_no_copies(void **state)
{
	const struct family_spec spec = spec_of(IPC_ESP);
	struct text why = text_in(&arena);
	struct member m[2];

	(void)state;
	family_open_nursery(true);
	assert_true(nursery_now());
	assert_int_equal(kill(nursery_now(), SIGSTOP), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(member_launch(&m[i], base, &spec, &why), ERR_OK);
	assert_int_equal(kill(nursery_now(), SIGKILL), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(member_begun(&m[i], &why), ERR_OK);
		assert_int_equal(m[i].near[0].phase, IPC_SERVING);
		member_stop(&m[i]);
	}
	assert_string_equal(text_str(&why), "");
}

/* Else the process of one copy would be taken for that of another. */
static void no_later_number_of_the_nursery_is_heard_once_one_was_missed(void **state)
{
	const struct timeval patience = { .tv_usec = 1000 };
	const uint64_t says = 1;
	const pid_t pid = 1234;
	struct nursery n = { .asked = 3 };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	n.fd = ends[0];
	assert_int_equal(send(ends[1], &says, sizeof says, 0), sizeof says);
	assert_int_equal(send(ends[1], &pid, sizeof pid, 0), sizeof pid);
	assert_int_equal(nursery_born(&n, 1), pid);
	assert_int_equal(nursery_born(&n, 2), 0);
	(void)send(ends[1], &pid, sizeof pid, MSG_NOSIGNAL);
	assert_int_equal(nursery_born(&n, 3), 0);
	close(ends[0]);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_begin_beside_each_other),
		cmocka_unit_test(one_that_is_ready_is_not_late_because_we_are),
		cmocka_unit_test(one_that_is_prepared_runs_when_it_was_woken),
		cmocka_unit_test(one_that_was_woken_and_waited_for_lives_past_its_beginning),
		cmocka_unit_test(one_that_has_been_stopped_is_not_woken),
		cmocka_unit_test(one_that_was_never_woken_stops_as_well),
		cmocka_unit_test(what_is_said_while_messages_are_taken_goes_together),
		cmocka_unit_test(who_waits_for_an_answer_has_asked),
		cmocka_unit_test(who_is_replaced_is_heard_no_more),
		cmocka_unit_test(who_waits_for_one_that_ends_hears_why),
		cmocka_unit_test(one_that_cannot_be_started_is_missed_and_tried_again_later_each_time),
		cmocka_unit_test(a_copy_is_a_member_like_one_that_was_started_anew),
		cmocka_unit_test(keeper_is_no_copy),
		cmocka_unit_test(one_that_is_started_in_the_place_of_a_copy_is_none),
		cmocka_unit_test(members_are_started_anew_where_there_can_be_no_copies),
		cmocka_unit_test(no_later_number_of_the_nursery_is_heard_once_one_was_missed),
	};
	int code = argc == 1 ? daemon_member(argv[0]) : -1;

	return code >= 0 ? code : cmocka_run_group_tests(tests, set_up, tear_down);
}
