/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes of the daemon are begun, and waited for: this program is they, too. */
#include "tests/unit/unit.h"

#include "daemon/daemon.h"
#include "daemon/family.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
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

static void again(void *ctx)
{
	(void)ctx;
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_begin_beside_each_other),
		cmocka_unit_test(one_that_is_ready_is_not_late_because_we_are),
		cmocka_unit_test(who_waits_for_one_that_ends_hears_why),
	};
	int code = argc == 1 ? daemon_member(argv[0]) : -1;

	return code >= 0 ? code : cmocka_run_group_tests(tests, set_up, tear_down);
}
