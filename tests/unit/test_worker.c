/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet thread on a socket of its own, with nothing behind it. */
#include "tests/unit/unit.h"

#include "tests/unit/packet.h"
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

/* ------------------------------------------------------------ two of them, and all that comes is for one */

enum {
	WORKERS = 2,
	SPI = 0x80000100 /* modulo two: the first one's */,
	BURST = 4000,
	ROOM = 256,
	PAYLOAD = 28
};

static struct child_conf conf = { .replay_window = 32 };
static int device; /* the other end of what both write to */

static int socket_of(struct sockaddr_in *a)
{
	const int room = 8 << 20;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof *a;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
	*a = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (struct sockaddr *)a, sizeof *a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)a, &n), 0);
	return fd;
}

static void add_device(struct text *why)
{
	const struct esp_order o = { .kind = ORDER_DEVICE_ADD };
	int ends[2], fds[WORKERS];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		fds[i] = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
	close(ends[0]);
	device = ends[1];
	assert_int_equal(plane_order(plane, &o, fds, WORKERS, why), ERR_OK);
}

/* Both ends of one SA: E seals for it. */
static void add_sa(struct esp *e, struct text *why)
{
	struct ts near = packet_ts("10.1.0.0/16"), far = packet_ts("10.2.0.0/16");
	struct suite suite = packet_suite("aes256gcm16", false);
	struct esp_order o = { .kind = ORDER_SA_ADD,
		.sa_add = { .spec = { .spi = SPI,
				    .inbound = true,
				    .child = 1,
				    .suite = suite,
				    .encr_key = packet_encr_key(&suite),
				    .integ_key = packet_integ_key(&suite),
				    .encap = true,
				    .local_ts = { &near, 1 },
				    .remote_ts = { &far, 1 },
				    .conf = &conf },
			.limit = 1400 } };

	assert_int_equal(meters_get(&meters, &o.sa_add.meter, why), ERR_OK);
	assert_int_equal(plane_order(plane, &o, NULL, 0, why), ERR_OK);
	assert_int_equal(esp_init(e, SPI, &suite, true, o.sa_add.spec.encr_key, o.sa_add.spec.integ_key, 0,
				 &arena, why),
		ERR_OK);
}

static int begin_two(void **state)
{
	struct esp_order o = { .kind = ORDER_OPEN, .open = { WORKERS, 1u << OUTER_UDP4, 4500 } };
	struct text why = text_in(&arena);
	struct sockaddr_in a;
	int fds[1 + WORKERS];

	(void)state;
	assert_int_equal(meters_make(&meters, &why), ERR_OK);
	fds[0] = fcntl(meters.fd, F_DUPFD_CLOEXEC, 0);
	fds[2] = socket_of(&a);
	fds[1] = socket_of(&a);
	outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(outside, (struct sockaddr *)&a, sizeof a), 0);
	plane = plane_new();
	assert_int_equal(plane_order(plane, &o, fds, 1 + WORKERS, &why), ERR_OK);
	add_device(&why);
	return 0;
}

static int end_two(void **state)
{
	close(device); /* nobody waits for it any more */
	return end(state);
}

/* Packets FROM to FROM + BURST, each with its number. */
static void send_burst(struct esp *e, uint32_t from)
{
	uint8_t room[ROOM], *p = room + 64;
	size_t n = packet_make(p, "10.2.0.1", "10.1.0.1", 17, 1000, 2000, 40);

	for (uint32_t i = from; i < from + BURST; i++) {
		uint8_t sealed[ROOM];
		struct esp_packet pkt = { .p = sealed + 64, .n = n };

		memcpy(p + PAYLOAD, &i, sizeof i);
		memcpy(pkt.p, p, n);
		esp_seal(e, 0, NULL, &pkt, 1);
		assert_int_equal(send(outside, pkt.p, pkt.n, 0), pkt.n);
	}
}

/* They are written one by one: a checksum that is wrong is joined with nothing. */
static void assert_written(uint32_t from)
{
	for (uint32_t i = from; i < from + BURST; i++) {
		uint8_t got[ROOM];
		uint32_t number;

		assert_true(recv(device, got, sizeof got, 0) > 0);
		memcpy(&number, got + sizeof(struct virtio_net_hdr) + PAYLOAD, sizeof number);
		assert_int_equal(number, i);
	}
}

/* The device takes few, and so the rest of a burst piles up at the one socket. With a window of 32 packets
 * nothing may be out of order by more than that. */
static void what_piles_up_at_one_thread_is_opened_by_two_in_its_order(void **state)
{
	const struct pace *pace = &meters.totals->pace;
	struct text why = text_in(&arena);
	struct esp e;

	(void)state;
	add_sa(&e, &why);
	alarm(PATIENCE);
	for (uint32_t from = 0; !pace->packets[PACE_SHARED]; from += BURST) {
		send_burst(&e, from);
		assert_written(from);
	}
	alarm(0);
	esp_free(&e);
	assert_int_equal(meters.totals->drops.n[DROP_REPLAY], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_comes_fast_and_one_by_one_may_gather, begin, end),
		cmocka_unit_test_setup_teardown(
			what_piles_up_at_one_thread_is_opened_by_two_in_its_order, begin_two, end_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
