/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders to who carries packets where he is no process of his own (--one). */
#include "tests/unit/unit.h"

#include "daemon/daemon.h"
#include "daemon/datapath_esp_state.h"
#include "tests/unit/reported.h"
#include "xfrm/user/meter.h"

#include <arpa/inet.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FIRST = 60, /* at once */
	ROUNDS = 40,
	REPORTS = 100, /* in each: more than are taken in it */
	PATIENCE = 20, /* s: who waits for itself waits for ever */
	AT_ONCE = 64,  /* reports that are passed on at one wake-up */
};

static struct world world;
static struct options options = { .one = true };
static struct arena arena;
static struct text why;
static struct meters meters;
static struct esp_link *way;
static int outside;

static int begin(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct esp_order o = { .kind = ORDER_OPEN, .open = { 1, 1u << OUTER_UDP4, 4500 } };
	const int one = 1, room = 8 << 20;
	socklen_t n = sizeof a;
	int fds[2];

	(void)state;
	why = text_in(&arena);
	world = (struct world){ .base = event_base_new(), .options = &options };
	way = datapath_esp_start(&world);
	assert_int_equal(meters_make(&meters, &why), ERR_OK);
	fds[0] = meters.fd;
	fds[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(fds[1], IPPROTO_IP, IP_PKTINFO, &one, sizeof one);
	(void)setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	assert_int_equal(bind(fds[1], (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fds[1], (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(outside, (struct sockaddr *)&a, n), 0);
	assert_int_equal(way->give(way->ctx, &o, fds, 2, &why), ERR_OK);
	close(fds[1]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	datapath_esp_stop(&world);
	event_base_free(world.base);
	meters_close(&meters);
	close(outside);
	arena_free(&arena);
	return 0;
}

/* N messages of IKE where ESP is awaited, each of which is reported. */
static void have_reported(unsigned n)
{
	static const uint8_t marked[32];
	uint64_t before = meters.totals->pace.packets[PACE_RECEIVED];

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(send(outside, marked, sizeof marked, 0), sizeof marked);
	while (meters.totals->pace.packets[PACE_RECEIVED] < before + n)
		sched_yield();
}

/* What takes reports is readable before what passes them on, so that the channel is full after a round. */
static void there_is_room_for_the_answer(void **state)
{
	const struct esp_order o = { .kind = ORDER_SA_DEL };

	(void)state;
	alarm(PATIENCE);
	have_reported(FIRST);
	for (unsigned i = 0; i < 2; i++)
		(void)event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	for (unsigned i = 0; i < ROUNDS; i++) {
		have_reported(REPORTS);
		(void)event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	assert_int_equal(way->give(way->ctx, &o, NULL, 0, &why), ERR_OK);
	alarm(0);
}

static void pass_on(void)
{
	(void)event_base_loop(world.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* The channel is full, and N more are told: the last of them may be the only one that waits for room. */
static void all_are_heard(unsigned n)
{
	unsigned all = reported_ike(way->user) + n;

	for (; !world.esp->inside->waits; all += AT_ONCE) {
		have_reported(AT_ONCE);
		pass_on();
	}
	have_reported(n);
	while (reported_ike(way->user) < all)
		pass_on();
}

static void no_report_that_finds_no_room_is_left(void **state)
{
	(void)state;
	way->user = reported_new();
	alarm(PATIENCE);
	for (unsigned n = 0; n < AT_ONCE; n++)
		all_are_heard(n);
	alarm(0);
	reported_free(way->user);
	way->user = NULL;
}

/* Another process is given all of them again, one after the other. */
static void there_is_time_for_each_sa_and_policy(void **state)
{
	enum { MANY = 5000 };
	const struct esp_order o = { .kind = ORDER_SA_DEL };

	(void)state;
	way->user = reported_new();
	reported_pretend(way->user, MANY);
	assert_int_equal(way->give(way->ctx, &o, NULL, 0, &why), ERR_OK);
	reported_free(way->user);
	way->user = NULL;
	assert_int_equal(world.esp->delay.more, MANY * DELAY_AGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_is_room_for_the_answer, begin, end),
		cmocka_unit_test_setup_teardown(no_report_that_finds_no_room_is_left, begin, end),
		cmocka_unit_test_setup_teardown(there_is_time_for_each_sa_and_policy, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
