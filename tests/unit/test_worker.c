/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet thread on a socket of its own, with nothing behind it. */
#include "tests/unit/unit.h"

#include "xfrm/user/plane_state.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE = 20 /* s: who waits for itself waits for ever */ };

static struct plane *plane;
static struct meters meters;
static struct arena arena;
static int outside;
static unsigned threads_before; /* a sanitizer may have some */

/* Of this process. */
static unsigned threads(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2; /* the directory and its parent */
}

static int begin_with(bool both_ways)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct esp_order o = { .kind = ORDER_OPEN,
		.open = { .workers = 1, .there = 1u << OUTER_UDP4, .port = 4500, .both_ways = both_ways } };
	struct text why = text_in(&arena);
	socklen_t n = sizeof a;
	int fds[2];

	assert_int_equal(meters_make(&meters, &why), ERR_OK);
	fds[0] = fcntl(meters.fd, F_DUPFD_CLOEXEC, 0);
	fds[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fds[1], (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fds[1], (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(outside, (struct sockaddr *)&a, n), 0);
	plane = plane_new();
	threads_before = threads();
	assert_int_equal(plane_order(plane, &o, fds, 2, &why), ERR_OK);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return begin_with(false);
}

static int begin_both_ways(void **state)
{
	(void)state;
	return begin_with(true);
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

/* A device gives a packet of no policy. */
static void read_one(int device)
{
	static const uint8_t packet[sizeof(struct virtio_net_hdr) + 20] = {
		[sizeof(struct virtio_net_hdr)] = 0x45, [sizeof(struct virtio_net_hdr) + 3] = 20
	};
	uint64_t before = meters.totals->pace.calls[PACE_READ];

	assert_int_equal(write(device, packet, sizeof packet), sizeof packet);
	while (meters.totals->pace.calls[PACE_READ] == before)
		sched_yield();
}

static void assert_carried_by(unsigned n)
{
	const struct esp_order add = { .kind = ORDER_DEVICE_ADD, .device_add.slot = 3 };
	const struct esp_order del = { .kind = ORDER_DEVICE_DEL, .device_del.slot = 3 };
	struct text why = text_in(&arena);
	int ends[2];

	alarm(PATIENCE);
	assert_int_equal(threads(), threads_before + n);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(plane_order(plane, &add, ends, 1, &why), ERR_OK);
	read_one(ends[1]);
	send_one();
	read_one(ends[1]);
	assert_int_equal(plane_order(plane, &del, NULL, 0, &why), ERR_OK);
	send_one();
	close(ends[1]);
	alarm(0);
}

static void each_direction_has_a_thread(void **state)
{
	(void)state;
	assert_carried_by(2);
}

static void one_thread_does_both_directions_where_told(void **state)
{
	(void)state;
	assert_carried_by(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_comes_fast_and_one_by_one_may_gather, begin, end),
		cmocka_unit_test_setup_teardown(each_direction_has_a_thread, begin, end),
		cmocka_unit_test_setup_teardown(
			one_thread_does_both_directions_where_told, begin_both_ways, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
