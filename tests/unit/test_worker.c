/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet thread on a socket of its own, with nothing behind it. */
#include "tests/unit/unit.h"

#include "xfrm/user/plane_state.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE = 20 /* s: who waits for itself waits for ever */ };

static struct plane *plane;
static struct meters meters;
static struct arena arena;
static int outside;

static int begin(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct esp_order o = { .kind = ORDER_OPEN, .open = { 1, 1u << OUTER_UDP4, 4500 } };
	struct text why = text_in(&arena);
	socklen_t n = sizeof a;
	int fds[2];

	(void)state;
	assert_int_equal(meters_make(&meters, &why), ERR_OK);
	fds[0] = fcntl(meters.fd, F_DUPFD_CLOEXEC, 0);
	fds[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[1], (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fds[1], (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(outside, (struct sockaddr *)&a, n), 0);
	plane = plane_new();
	assert_int_equal(plane_order(plane, &o, fds, 2, &why), ERR_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	plane_free(plane);
	meters_close(&meters);
	close(outside);
	arena_free(&arena);
	return 0;
}

/* One keepalive, of which nothing is told; it has been taken then. */
static void send_one(void)
{
	static const uint8_t keepalive[] = { 0xff };
	uint64_t before = meters.totals->pace.packets[PACE_RECEIVED];

	assert_int_equal(send(outside, keepalive, sizeof keepalive, 0), sizeof keepalive);
	while (meters.totals->pace.packets[PACE_RECEIVED] == before)
		sched_yield();
}

/* On a busy machine they may come too slowly for some time. */
static void what_comes_fast_and_one_by_one_may_gather(void **state)
{
	const struct pace *pace = &meters.totals->pace;

	(void)state;
	alarm(PATIENCE);
	while (!pace->calls[PACE_RESTED])
		send_one();
	alarm(0);
	assert_in_range(pace->packets[PACE_RESTED], pace->calls[PACE_RESTED], pace->packets[PACE_RECEIVED]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_comes_fast_and_one_by_one_may_gather, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
